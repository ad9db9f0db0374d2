"""Laws given by their cumulants: with symbols, or as a finite sequence."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import sympy as sp

from ..arguments import brief, check_flag, check_name, explained
from ..errors import DomainError, OrderError
from .base import Law
from .domains import is_zero, real, reals, sign
from .moment_problem import obstruction
from .registry import register

_FIRST = 7  # below it are the orders looked at for those named in sentences


@register
class Generic(Law):
    """Any law with all moments: kappa_r is the symbol ``name_r``.

    Parameters
    ----------
    name
        Base name of the symbols.
    centred
        kappa_1 = 0.
    symmetric
        All odd cumulants are 0.
    standardised
        kappa_1 = 0 and kappa_2 = 1.
    values
        Orders whose cumulants are given, {order: exact value}. Only the sign of kappa_2 is looked
        at; :class:`CumulantSequence` checks that some law has a sequence.

    Examples
    --------
    >>> law = Generic("kappa", centred=True)
    >>> [law.cumulant(r) for r in (1, 2, 3)], law.moment(4)
    ([0, kappa_2, kappa_3], 3*kappa_2**2 + kappa_4)
    >>> law.subs({"kappa_3": 2}).cumulant(3)
    2
    """

    name = "generic"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {}, {"name": "c", "centred": True}, {"symmetric": True, "standardised": True},
    )

    @explained
    def __init__(
        self,
        name: str = "kappa",
        centred: bool = False,
        symmetric: bool = False,
        standardised: bool = False,
        values: Any = (),
    ) -> None:
        check_name(name, "Generic: name")
        for flag, what in ((centred, "centred"), (symmetric, "symmetric"),
                           (standardised, "standardised")):
            check_flag(flag, f"Generic: {what}")
        given: dict[int, sp.Expr] = {}
        if isinstance(values, (set, frozenset, str)):
            raise DomainError(f"Generic values: {brief(values)}; pass a mapping order -> value")
        try:
            pairs = dict(values)
        except (TypeError, ValueError):
            raise DomainError(
                f"Generic values: {brief(values)}; pass a mapping order -> value"
            ) from None
        for r, value in pairs.items():
            if isinstance(r, bool) or not isinstance(r, int) or r < 1:
                raise OrderError(f"Generic values: order {r!r} is no positive integer")
            given[r] = real(value, f"Generic kappa_{r}")
        if 2 in given and sign(given[2]) == -1:
            raise DomainError(f"Generic kappa_2 = {given[2]} is negative; a variance is not")
        for r, value in given.items():
            forced = self._forced(r, centred, symmetric, standardised)
            if forced is not None and is_zero(value - forced) is not True:
                raise DomainError(
                    f"Generic kappa_{r} = {value} contradicts the value {forced} that centred, "
                    "symmetric or standardised asks for; drop one of them"
                )
        super().__init__({
            "name": name,
            "centred": bool(centred),
            "symmetric": bool(symmetric),
            "standardised": bool(standardised),
            "values": tuple(sorted(given.items())),
        })
        self._given = given

    @staticmethod
    def _forced(r: int, centred: bool, symmetric: bool, standardised: bool) -> sp.Expr | None:
        if (r % 2 and symmetric) or (r == 1 and (centred or standardised)):
            return sp.S.Zero
        return sp.S.One if r == 2 and standardised else None

    def _cumulant(self, r: int) -> sp.Expr:
        p = self.parameters
        forced = self._forced(r, p["centred"], p["symmetric"], p["standardised"])
        if forced is not None:
            return forced
        return self._given.get(r, sp.Symbol(f"{p['name']}_{r}"))

    @explained
    def subs(self, mapping: Mapping[Any, Any]) -> "Generic":
        """The law with some cumulants, or symbols in given ones, replaced."""
        replacements = self._replacements(mapping)
        prefix = f"{self.parameters['name']}_"
        orders = set(self._given) | {
            int(s.name.removeprefix(prefix))
            for s in replacements
            if s.name.startswith(prefix) and s.name.removeprefix(prefix).isdecimal()
        }
        p = dict(self.parameters)
        p["values"] = {
            r: self.cumulant(r).xreplace(replacements)
            for r in sorted(orders - {0})
            if r in self._given or self.cumulant(r).is_Symbol
        }
        return Generic(**p)

    @property
    def is_symmetric(self) -> bool | None:
        if self.parameters["symmetric"]:
            return True
        odd = (is_zero(self.cumulant(r)) is False for r in {1, *self._given} if r % 2)
        return False if any(odd) else None

    @property
    def label(self) -> str:
        words = [w for w in ("centred", "symmetric", "standardised") if self.parameters[w]]
        words += [f"{self.parameters['name']}_{r} = {v}" for r, v in self._given.items()]
        return f"Generic({', '.join([self.parameters['name'], *words])})"

    @property
    def latex(self) -> str:
        values = ",".join(sp.latex(self.cumulant(r)) for r in (1, 2, 3))
        return rf"\mathrm{{Law}}({values},\ldots)"

    @property
    def words(self) -> str:
        kinds = [f"{w} " for w in ("centred", "symmetric", "standardised") if self.parameters[w]]
        first = [r for r in range(1, _FIRST) if not self.cumulant(r).is_number][:2]
        names = ", ".join(sp.latex(self.cumulant(r)) for r in first)
        given = [rf"${self.parameters['name']}_{{{r}}} = {sp.latex(v)}$"
                 for r, v in self._given.items()]
        known = f", with {', '.join(given)}" if given else ""
        return rf"a {''.join(kinds)}law with cumulants ${names}, \dots${known}"


@register
class CumulantSequence(Law):
    """Law known by its cumulants kappa_1..kappa_n.

    Parameters
    ----------
    values
        Exact cumulants, first order first. As far as the leading ones are numbers they are
        checked: some law on the line must have them.

    Raises
    ------
    DomainError
        If no law has these cumulants.

    Notes
    -----
    The check is :func:`~cumulant_theory.laws.moment_problem.obstruction`.

    Examples
    --------
    >>> law = CumulantSequence([0, 1, sp.Rational(1, 2)])
    >>> law.moment(3), law.max_order
    (1/2, 3)
    >>> CumulantSequence([0, 1, 0, -3])
    Traceback (most recent call last):
        ...
    cumulant_theory.errors.DomainError: CumulantSequence [0, 1, 0, -3]: no law has these \
cumulants, the moment matrix to order 4 has determinant -1; change kappa_4 or the lower ones
    """

    name = "cumulant_sequence"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"values": (1, 2, -1, sp.Rational(1, 2), 0, 7)},
        {"values": (0, 1, 0, -2)},
        {"values": (sp.Rational(2, 3), 1, 1)},
    )

    def __init__(self, values: Any) -> None:
        kappa = reals(values, "CumulantSequence values")
        _require_law(kappa)
        undecided = [v for v in kappa[1:2] if sign(v) is None and not v.is_nonnegative]
        super().__init__({"values": kappa}, [f"{v} >= 0" for v in undecided])

    @property
    def max_order(self) -> int | None:
        return len(self.parameters["values"])

    def _cumulant(self, r: int) -> sp.Expr:
        return self.parameters["values"][r - 1]

    @property
    def is_symmetric(self) -> bool | None:
        odd = (is_zero(v) is False for v in self.parameters["values"][::2])
        return False if any(odd) else None  # orders that are not given may be odd and not zero

    @property
    def latex(self) -> str:
        values = ",".join(map(sp.latex, self.parameters["values"]))
        return rf"\mathrm{{Law}}(\kappa_{{1..{self.max_order}}}={values})"

    @property
    def words(self) -> str:
        values = ", ".join(map(sp.latex, self.parameters["values"]))
        return f"the law with cumulants ${values}$"


def _require_law(kappa: Sequence[sp.Expr]) -> None:
    name = f"CumulantSequence [{', '.join(map(str, kappa))}]"
    # the mean shifts the law only, and the numbers before the first symbol must already do
    known: list[sp.Expr] = [sp.Integer(0)]
    for value in kappa[1:]:
        if not value.is_number:
            break
        known.append(value)
    found = obstruction(known)
    if found is None:
        return
    r = found.order
    if found.atoms is not None:
        atoms = "a constant has kappa_2 = 0" if found.atoms == 1 else (
            f"a law with {found.atoms} atoms"
        )
        raise DomainError(
            f"{name}: no law has these cumulants, to order {2 * found.atoms} they are those of "
            f"{atoms}, which contradicts kappa_{r} = {known[r - 1]}; change one of them"
        )
    what = f"kappa_2 = {known[1]} is negative" if r == 2 else (
        f"the moment matrix to order {r} has determinant {found.determinant}"
    )
    raise DomainError(
        f"{name}: no law has these cumulants, {what}; change kappa_{r} or the lower ones"
    )
