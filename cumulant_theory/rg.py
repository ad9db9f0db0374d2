"""Renormalisation-group maps on laws: what a map of b units to one does to their cumulants."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sympy as sp

from .cumulants import JointCumulants
from .derivation import Derivation, Equation
from .errors import DomainError, NoClosedFormError, ShapeError
from .latex import inline_display, latex
from .laws import CumulantSequence, Generic, Law
from .layers import BlockSum, Layer
from .layers.base import check_order


@dataclass(frozen=True)
class FixedPoint:
    """A law with kappa' = kappa, given by its cumulants.

    Attributes
    ----------
    cumulants
        Order -> value; a symbol where the fixed points form a line.
    name
        ``Gaussian``, ``point mass``, or ``other``.
    hypotheses
        Conditions on the symbols.
    """

    cumulants: dict[int, sp.Expr]
    name: str
    hypotheses: tuple[str, ...] = ()

    def __getitem__(self, order: int) -> sp.Expr:
        return self.cumulants[order]

    def _repr_latex_(self) -> str:
        return inline_display([(sp.Symbol(f"kappa_{r}"), v)
                               for r, v in self.cumulants.items()])


@dataclass(frozen=True)
class Eigenvalue:
    """How a perturbation of one cumulant grows under the map.

    Attributes
    ----------
    order
        r, of the cumulant that is perturbed.
    value
        lambda_r.
    kind
        ``relevant`` (|lambda| > 1), ``marginal`` (= 1), ``irrelevant`` (< 1), or ``undecided``
        where symbols leave it open.
    eigenfunction
        Perturbation of the standard normal density: He_r(x) times the density.
    """

    order: int
    value: sp.Expr
    kind: str
    eigenfunction: sp.Expr


@dataclass(frozen=True)
class Spectrum:
    """Eigenvalues of the linearised map, order by order.

    Examples
    --------
    >>> [e.kind for e in RGMap(BlockSum("b")).spectrum(order=4)]
    ['relevant', 'marginal', 'irrelevant', 'irrelevant']
    """

    eigenvalues: tuple[Eigenvalue, ...]
    hypotheses: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Eigenvalue]:
        return iter(self.eigenvalues)

    def __len__(self) -> int:
        return len(self.eigenvalues)

    def __getitem__(self, order: int) -> Eigenvalue:
        return self.eigenvalues[order - 1]

    def __repr__(self) -> str:
        return "Spectrum(" + ", ".join(f"{e.value} {e.kind}" for e in self.eigenvalues) + ")"

    def of_kind(self, kind: str) -> list[Eigenvalue]:
        """Those that are relevant, marginal, irrelevant or undecided."""
        return [e for e in self.eigenvalues if e.kind == kind]

    def _repr_latex_(self) -> str:
        rows = r" \\ ".join(
            rf"{e.order} & {latex(e.value)} & \text{{{e.kind}}} & {latex(e.eigenfunction)}"
            for e in self.eigenvalues
        )
        return (
            r"$\displaystyle \begin{array}{rlll} r & \lambda_r & & \text{eigenfunction} \\ \hline "
            rf"{rows} \end{{array}}$"
        )


@dataclass(frozen=True)
class Flow:
    """Cumulants of a law along repeated application of a map.

    Attributes
    ----------
    steps
        One dict order -> cumulant per step, the initial law first.
    order
        Highest order followed.
    """

    steps: tuple[dict[int, sp.Expr], ...]
    order: int

    def __getitem__(self, step: int) -> dict[int, sp.Expr]:
        return self.steps[step]

    def __len__(self) -> int:
        return len(self.steps)

    def _repr_latex_(self) -> str:
        head = " & ".join(rf"\kappa_{{{r}}}" for r in range(1, self.order + 1))
        rows = r" \\ ".join(
            f"{t} & " + " & ".join(latex(v) for v in step.values())
            for t, step in enumerate(self.steps)
        )
        columns = "r|" + "c" * self.order
        return (
            rf"$\displaystyle \begin{{array}}{{{columns}}} t & {head} \\ \hline {rows} "
            r"\end{array}$"
        )


class RGMap:
    """The map on laws made by a layer or network that takes b units to one.

    A law goes to the law of f(x_1, ..., x_b) for independent copies x_i of it. For the block sum
    kappa_r' = b^{1 - r s} kappa_r.

    Parameters
    ----------
    layer
        A :class:`BlockSum`, with symbols allowed for b and s, or any network onto one unit.

    Raises
    ------
    ShapeError
        If there is more than one output unit.

    References
    ----------
    G. Jona-Lasinio, Phys. Rep. 352, 439 (2001); J. P. Sethna (2021), chapter 12.

    Examples
    --------
    >>> b, s = sp.symbols("b s")
    >>> [e.rhs for e in RGMap(BlockSum(b, s)).recursion(order=2)]
    [b**(1 - s)*kappa_1, b**(1 - 2*s)*kappa_2]
    """

    def __init__(self, layer: Layer) -> None:
        outputs = next(
            (la.out_features for la in reversed(layer.layers) if la.out_features is not None), None
        )
        if outputs != 1:
            raise ShapeError(
                f"{layer!r} has {outputs} output units; an RG map takes b units to one"
            )
        self.layer = layer

    @property
    def b(self) -> Any:
        """Block size: number of input units."""
        return next(la.in_features for la in self.layer.layers if la.in_features is not None)

    @cached_property
    def degree(self) -> int:
        """Degree of the map as a polynomial; 1 for linear maps."""
        return 1 if _symbolic(self.layer) else self.layer.degree()

    def __call__(self, law: Law, order: int = 4) -> JointCumulants:
        """Cumulants of the image of a law."""
        return self.layer.propagate(law.iid(self.b), order)

    def recursion(self, order: int = 4) -> list[Equation]:
        """kappa_r' in terms of the kappa_r of any law, one equation per order."""
        check_order(order)
        out = self(Generic("kappa"), order)
        return [Equation(sp.Symbol(f"kappa__R_{r}"), out[r], r) for r in range(1, order + 1)]

    def derivation(self, order: int = 4) -> Derivation:
        """Derivation of :meth:`recursion`."""
        return self(Generic("kappa"), order).derivation

    def _require_linear(self, what: str) -> None:
        if self.degree > 1:
            raise NoClosedFormError(
                f"{what} of {self!r}: kappa_r' of a map of degree {self.degree} needs cumulants up "
                f"to order {self.degree} r, so the recursion does not close at any order; use "
                ".flow(law, steps, order), which is exact for any finite number of steps"
            )

    def eigenvalues(self, order: int) -> list[sp.Expr]:
        """d kappa_r' / d kappa_r of a linear map: b^{1 - r s}, or the power sums of its weights."""
        self._require_linear("eigenvalues")
        return [
            sp.diff(e.rhs, sp.Symbol(f"kappa_{r}"))
            for r, e in enumerate(self.recursion(order), 1)
        ]

    def spectrum(self, order: int = 6) -> Spectrum:
        """Eigenvalues at a fixed point with relevant, marginal and irrelevant directions named.

        For a linear map the cumulants do not mix: the linearisation is diagonal and the same
        at every fixed point.

        Raises
        ------
        NoClosedFormError
            If the map is not linear.
        """
        check_order(order)
        self._require_linear("spectrum")
        x = sp.Symbol("x")
        density = sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi)
        found = []
        for r, value in enumerate(self.eigenvalues(order), 1):
            hermite = sp.expand(2 ** sp.Rational(-r, 2) * sp.hermite(r, x / sp.sqrt(2)))
            found.append(Eigenvalue(r, value, self._kind(r, value), hermite * density))
        hypotheses = () if not _symbolic(self.layer) else (f"{self.b} is an integer above 1",)
        return Spectrum(tuple(found), hypotheses)

    def _kind(self, r: int, value: sp.Expr) -> str:
        if isinstance(self.layer, BlockSum) and self.layer.weights is None:
            exponent = 1 - r * self.layer.s
            if self.layer.b == 1:
                return "marginal"
            sign = exponent
        else:
            sign = sp.Abs(value) - 1
        for test, kind in (("is_zero", "marginal"), ("is_positive", "relevant"),
                           ("is_negative", "irrelevant")):
            if getattr(sign, test):
                return kind
        return "undecided"

    def fixed_points(self, order: int = 4) -> list[FixedPoint]:
        """Laws with kappa_r' = kappa_r up to ``order``.

        An order with eigenvalue 1 leaves its cumulant free; a symbol stands for it. Where symbols
        in the map leave an eigenvalue open, it is taken as different from 1 and the condition is
        listed.

        Raises
        ------
        NoClosedFormError
            If the map is not linear, or no law is fixed.

        Examples
        --------
        >>> RGMap(BlockSum(2)).fixed_points(order=4)[0].cumulants
        {1: 0, 2: kappa_2, 3: 0, 4: 0}
        """
        check_order(order)
        self._require_linear("fixed points")
        recursion = self.recursion(order)
        values: dict[int, sp.Expr] = {}
        hypotheses: list[str] = []
        for r, (factor, e) in enumerate(
            zip(self.eigenvalues(order), recursion, strict=True), 1
        ):
            kappa = sp.Symbol(f"kappa_{r}")
            shift = sp.expand(e.rhs - factor * kappa)
            kind = self._kind(r, factor)
            is_one = kind == "marginal" if isinstance(self.layer, BlockSum) else (
                sp.simplify(factor - 1) == 0
            )
            if is_one and shift != 0:
                raise NoClosedFormError(
                    f"{self!r} has no fixed point: kappa_{r}' = kappa_{r} + {shift}"
                )
            values[r] = kappa if is_one else sp.simplify(shift / (1 - factor))
            if kind == "undecided" and not is_one:
                hypotheses.append(f"{factor} is not 1")
        if 2 in values and values[2].free_symbols:
            hypotheses.append("kappa_2 >= 0")
        return [FixedPoint(values, _law_name(values), tuple(hypotheses))]

    def flow(self, law: Law, steps: int, order: int = 4) -> Flow:
        """Cumulants of a law under ``steps`` applications of the map, exact.

        A map of degree p needs order * p**steps cumulants of the initial law.

        Raises
        ------
        OrderError
            If the law has too few cumulants.
        DomainError
            If the number of steps is negative.
        """
        check_order(order)
        if steps < 0:
            raise DomainError(f"flow: {steps} steps; the number of steps must not be negative")
        needed = [order * self.degree**k for k in range(steps, -1, -1)]
        values = {r: law.cumulant(r) for r in range(1, needed[0] + 1)}
        found = [values]
        for highest in needed[1:]:
            image = self(_Sequence(values), highest)
            values = {r: image[r] for r in range(1, highest + 1)}
            found.append(values)
        return Flow(
            tuple({r: v[r] for r in range(1, order + 1)} for v in found), order
        )

    def __matmul__(self, other: "RGMap") -> "RGMap":
        """The map that applies ``other`` first: R_b R_c = R_{bc} for block sums."""
        if not isinstance(other, RGMap):
            return NotImplemented
        if isinstance(self.layer, BlockSum) and isinstance(other.layer, BlockSum):
            return RGMap(self.layer @ other.layer)
        raise NoClosedFormError(
            f"{self!r} @ {other!r}: only block sums compose in closed form; use .flow for repeated "
            "application of a network"
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RGMap) and self.layer == other.layer

    def __hash__(self) -> int:
        return hash(self.layer)

    def __repr__(self) -> str:
        return f"RGMap({self.layer!r})"

    def _repr_latex_(self) -> str:
        return inline_display([(e.lhs, e.rhs) for e in self.recursion(4)])


class _Sequence(CumulantSequence):
    """Cumulants on the way along a flow; they come from a law, so they need no check."""

    name = "flow"

    def __init__(self, values: dict[int, sp.Expr]) -> None:
        Law.__init__(self, {"values": tuple(values.values())})
        self._values = values

    @property
    def max_order(self) -> int:
        return len(self._values)

    def _cumulant(self, r: int) -> sp.Expr:
        return self._values[r]


def _symbolic(layer: Layer) -> bool:
    return isinstance(layer, BlockSum) and layer.is_symbolic


def _law_name(values: dict[int, sp.Expr]) -> str:
    higher = [v for r, v in values.items() if r > 2]
    if any(v != 0 for v in higher):
        return "other"
    return "Gaussian" if values.get(2, sp.S.Zero) != 0 else "point mass"
