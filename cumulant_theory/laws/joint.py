"""Independent laws side by side."""

import itertools
import math
from typing import Any, ClassVar

import sympy as sp

from ..algebra import MultiIndex, check_size, exact
from ..arguments import entries
from ..errors import DomainError, ShapeError
from .base import JointLaw, JointSupport, Law, Sampling
from .discrete import Discrete
from .domains import unique
from .gamma import Exponential
from .location_scale import Normal
from .registry import register
from .uniform import Uniform

_MOST_POINTS = 10**6


class _Independent(JointLaw):
    """Independent components side by side."""

    @property
    def components(self) -> tuple[Law | JointLaw, ...]:
        """The independent components, in order."""
        return self.parameters["laws"]

    def _parts(self, alpha: MultiIndex) -> list[tuple[Law | JointLaw, Any]]:
        parts: list[tuple[Law | JointLaw, Any]] = []
        start = 0
        for law in self.components:
            if isinstance(law, Law):
                part: Any = alpha[start]
                start += 1
            else:
                part = alpha[start : start + law.dim]
                start += law.dim
            if part and (isinstance(law, Law) or any(part)):
                parts.append((law, part))
        return parts

    def _cumulant(self, alpha: MultiIndex) -> sp.Expr:
        parts = [law.cumulant(part) for law, part in self._parts(alpha)]
        return parts[0] if len(parts) == 1 else sp.S.Zero

    def _moment(self, alpha: MultiIndex) -> sp.Expr:
        return sp.expand(sp.Mul(*(law.moment(part) for law, part in self._parts(alpha))))

    @property
    def blocks(self) -> tuple[tuple[int, ...], ...]:
        found: list[tuple[int, ...]] = []
        start = 0
        for law in self.components:
            inner = ((0,),) if isinstance(law, Law) else law.blocks
            found += [tuple(start + i for i in block) for block in inner]
            start += 1 if isinstance(law, Law) else law.dim
        return tuple(found)

    @property
    def max_order(self) -> int | None:
        limits = [law.max_order for law in self.components if law.max_order is not None]
        return min(limits, default=None)

    def support(self) -> JointSupport | None:
        parts: list[list[tuple[tuple[sp.Expr, ...], sp.Expr]]] = []
        for law in self.components:
            points = law.support()
            if points is None:
                return None
            parts.append([(x if isinstance(x, tuple) else (x,), p) for x, p in points])
        count = math.prod(map(len, parts))
        if count > _MOST_POINTS:
            raise ShapeError(
                f"{self!r} has {count} points of support, more than {_MOST_POINTS}; "
                "enumerate a smaller product or sample it"
            )
        return [
            (
                tuple(itertools.chain.from_iterable(x for x, _ in choice)),
                sp.Mul(*(p for _, p in choice)),
            )
            for choice in itertools.product(*parts)
        ]

    @property
    def hypotheses(self) -> tuple[str, ...]:
        return unique(
            [*self._hypotheses, *(h for law in self.components for h in law.hypotheses)]
        )

    def hypotheses_to(self, order: int) -> tuple[str, ...]:
        return unique(
            [*self._hypotheses, *(h for law in self.components for h in law.hypotheses_to(order))]
        )


@register
class Product(_Independent):
    """Independent laws side by side.

    Parameters
    ----------
    laws
        :class:`Law` or :class:`JointLaw` components, in order of units.

    Raises
    ------
    ShapeError
        If there is no component or one has a symbolic dimension.
    DomainError
        If a component is no law.

    Examples
    --------
    >>> from cumulant_theory.laws import MultivariateNormal
    >>> law = Product([Normal(0, 1), MultivariateNormal([0, 0], [[1, "r"], ["r", 1]])])
    >>> law.dim, law.blocks, law.joint(1, 2), law.joint(0, 1)
    (3, ((0,), (1, 2)), r, 0)
    """

    name = "product"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"laws": (Normal(1, 2), Exponential(1), Discrete((0, 1, 3)))},
    )

    def __init__(self, laws: Any) -> None:
        parts = tuple(entries(laws, "Product laws", "a sequence of laws"))
        if not parts:
            raise ShapeError("Product has no laws; pass at least one")
        for i, part in enumerate(parts):
            if not isinstance(part, (Law, JointLaw)):
                raise DomainError(f"Product laws[{i}] is {part!r}, which is no law")
            if isinstance(part, JointLaw) and not isinstance(part.dim, int):
                raise ShapeError(
                    f"Product laws[{i}] has the symbolic dimension {part.dim}; use subs first"
                )
        super().__init__({"laws": parts})

    @property
    def dim(self) -> int:
        return sum(1 if isinstance(law, Law) else law.dim for law in self.components)

    @property
    def sampling(self) -> Sampling:
        if any(law.sampling is None for law in self.components):
            return None
        return ("product", self.components)

    @property
    def label(self) -> str:
        return " x ".join(law.label for law in self.components)

    @property
    def latex(self) -> str:
        return r" \otimes ".join(law.latex for law in self.components)


@register
class IID(_Independent):
    """n independent copies of one law.

    Parameters
    ----------
    law
        Univariate law.
    n
        Number of copies: a positive int, a symbol or a symbol name. If symbolic, ``dim`` is that
        expression and single cumulants are asked of ``.law``.

    Raises
    ------
    ShapeError
        If n is a number but no positive integer, and from ``cumulant``, ``moment``, ``blocks`` and
        ``support`` while n is symbolic.

    Examples
    --------
    >>> law = IID(Exponential("a"), "b")
    >>> law.dim, law.law.cumulant(3), law.hypotheses
    (b, 2/a**3, ('b is a positive integer', 'a > 0'))
    >>> law.subs({"b": 2}).cumulant((0, 3))
    2/a**3
    """

    name = "iid"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"law": Uniform(-1, 2), "n": 3},)

    def __init__(self, law: Law, n: Any) -> None:
        if not isinstance(law, Law):
            raise DomainError(f"IID law is {law!r}; pass a univariate law")
        count = exact(n, "IID n")
        integer = count.is_integer and count.is_positive
        if (count.is_number and not integer) or integer is False:
            raise ShapeError(f"IID n = {count} is no positive integer; pass 1 or more copies")
        super().__init__(
            {"law": law, "n": count}, () if integer else (f"{count} is a positive integer",)
        )

    @property
    def law(self) -> Law:
        """The law of each copy."""
        return self.parameters["law"]

    @property
    def dim(self) -> Any:
        n = self.parameters["n"]
        return int(n) if n.is_number else n

    def _size(self) -> int:
        if not isinstance(self.dim, int):
            raise ShapeError(
                f"{self!r} has the symbolic dimension {self.dim}: single units cannot be named; "
                f"ask .law.cumulant(r), or fix it with .subs({{'{self.dim}': 2}})"
            )
        return self.dim

    @property
    def components(self) -> tuple[Law | JointLaw, ...]:
        return (self.law,) * self._size()

    def _parts(self, alpha: MultiIndex) -> list[tuple[Law | JointLaw, Any]]:
        return [(self.law, a) for a in alpha if a]

    @property
    def blocks(self) -> tuple[tuple[int, ...], ...]:
        units = check_size(self._size(), f"{self!r}: the number of units")
        return tuple((i,) for i in range(units))

    @property
    def max_order(self) -> int | None:
        return self.law.max_order

    @property
    def hypotheses(self) -> tuple[str, ...]:
        return unique([*self._hypotheses, *self.law.hypotheses])

    def hypotheses_to(self, order: int) -> tuple[str, ...]:
        return unique([*self._hypotheses, *self.law.hypotheses_to(order)])

    @property
    def sampling(self) -> Sampling:
        return None if self.law.sampling is None else ("iid", self.law, self.parameters["n"])

    @property
    def label(self) -> str:
        return f"{self.law.label}^{self.dim}"

    @property
    def latex(self) -> str:
        inner = self.law.latex
        inner = inner if " + " not in inner else rf"\left({inner}\right)"
        return rf"{inner}^{{\otimes {sp.latex(self.parameters['n'])}}}"

    @property
    def words(self) -> str:
        return f"independent copies of {self.law.words}"
