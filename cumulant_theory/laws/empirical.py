"""The law of a finite data set."""

import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar

import sympy as sp

from ..algebra import MultiIndex, joint_cumulants
from ..errors import DomainError, ShapeError
from .base import JointLaw, JointSupport, Sampling
from .discrete import Discrete, merge
from .registry import register

Column = tuple[tuple[int, ...], int]  # numerators of a unit, row by row; their common denominator


@register
class Empirical(JointLaw):
    """Law of a row drawn from a data set: each row is as likely as its weight.

    Cumulants are population cumulants of the data, exact, to any order. They are no unbiased
    estimates for a law from which the rows were drawn; those are k-statistics.

    Parameters
    ----------
    data
        Rows of numbers, one entry per unit: nested sequences, or anything with ``tolist`` such as
        an array, tensor or SymPy matrix. Rows that are numbers are rows of one unit. Entries are
        ints, Fractions, SymPy rationals, Decimals, decimal strings such as ``"0.1"`` (the rational
        1/10), or floats, each taken as the binary fraction that it is: ``0.1`` is
        3602879701896397/36028797018963968.
    weights
        One non-negative number per row, of the same kinds, not all zero; they are divided by
        their sum. Equal ones by default.

    Raises
    ------
    ShapeError
        If there are no rows, rows differ in length, or weights do not match them.
    DomainError
        If an entry is no rational number (NaN marks a missing value), or weights are negative or
        all zero.

    Examples
    --------
    >>> law = Empirical([["0.5", 1], [2, 0], [2, 3]])
    >>> law, law.joint(0), law.joint(0, 1), law.joint(0, 0, 1)
    (Empirical(3 rows of 2 units), 3/2, 1/6, -1/12)
    >>> Empirical([[0], [1]], weights=[3, 1]).support()
    [((0,), 3/4), ((1,), 1/4)]
    """

    name = "empirical"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"data": ((0, 1), (2, 0), (2, 3), (2, 3))},
        {"data": ((Fraction(1, 2), -1, 0), ("1.25", 2, 1), (0.75, 0, 1)), "weights": (1, 2, 3)},
        {"data": (1, 1, 4)},
    )

    def __init__(self, data: Any, weights: Any = None) -> None:
        rows = _rows(data)
        share = (1,) * len(rows) if weights is None else _weights(weights, len(rows))
        super().__init__({"data": rows, "weights": None if weights is None else share})
        self._share = _common(share)[0]
        self._columns: dict[int, Column] = {}
        self._exact_moments: dict[MultiIndex, Fraction] = {}
        self._from_moments = joint_cumulants(self._exact_moment)

    @property
    def rows(self) -> tuple[tuple[Fraction, ...], ...]:
        """The data as exact rationals."""
        return self.parameters["data"]

    @property
    def dim(self) -> int:
        return len(self.rows[0])

    def support(self) -> JointSupport:
        total = sum(self._share)
        points = [tuple(map(_rational, row)) for row in self.rows]
        law = merge(points, [sp.Rational(w, total) for w in self._share])
        return list(law.items())

    def marginal(self, unit: int) -> Discrete:
        """The law of one unit.

        Raises
        ------
        ShapeError
            If there is no such unit.

        Examples
        --------
        >>> Empirical([[0, 5], [1, 5]]).marginal(0).iid(3).cumulant((2, 0, 0))
        1/4
        """
        if not isinstance(unit, int) or not 0 <= unit < self.dim:
            raise ShapeError(f"{self!r} has no unit {unit!r}; units count from 0")
        points, probs = zip(*self.support(), strict=True)
        return Discrete([point[unit] for point in points], probs)

    def _column(self, unit: int) -> Column:
        if unit not in self._columns:
            self._columns[unit] = _common([row[unit] for row in self.rows])
        return self._columns[unit]

    def _exact_moment(self, alpha: MultiIndex) -> Fraction:
        if alpha not in self._exact_moments:
            products, denominator = list(self._share), sum(self._share)
            for unit, a in enumerate(alpha):
                if a:
                    numerators, common = self._column(unit)
                    denominator *= common**a
                    products = [p * x**a for p, x in zip(products, numerators, strict=True)]
            self._exact_moments[alpha] = Fraction(sum(products), denominator)
        return self._exact_moments[alpha]

    def _moment(self, alpha: MultiIndex) -> sp.Expr:
        return _rational(self._exact_moment(alpha))

    def _cumulant(self, alpha: MultiIndex) -> sp.Expr:
        return _rational(self._from_moments(alpha))

    @property
    def blocks(self) -> tuple[tuple[int, ...], ...]:
        return (tuple(range(self.dim)),)

    @property
    def sampling(self) -> Sampling:
        points, probs = zip(*self.support(), strict=True)
        return ("discrete_joint", points, probs)

    @property
    def label(self) -> str:
        weighted = "" if self.parameters["weights"] is None else "weighted "
        return f"Empirical({len(self.rows)} {weighted}rows of {self.dim} units)"

    @property
    def latex(self) -> str:
        return rf"\mathrm{{Empirical}}_{{{len(self.rows)} \times {self.dim}}}"

    @property
    def words(self) -> str:
        weighted = "" if self.parameters["weights"] is None else "weighted "
        return f"the empirical law of {len(self.rows)} {weighted}points of {self.dim} units"

    def __repr__(self) -> str:
        return self.label


def _listed(values: Any) -> Any:
    return values.tolist() if hasattr(values, "tolist") else values


def _rows(data: Any) -> tuple[tuple[Fraction, ...], ...]:
    given = _listed(data)
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ShapeError(f"Empirical data is {data!r}; pass rows of numbers")
    rows = []
    for i, row in enumerate(given):
        listed = _listed(row)
        alone = isinstance(listed, str) or not isinstance(listed, Iterable)
        entries = [listed] if alone else listed
        rows.append(tuple(
            _fraction(value, f"Empirical data[{i}][{j}]") for j, value in enumerate(entries)
        ))
    if not rows or not rows[0]:
        raise ShapeError("Empirical data has no entries; pass at least one row of one unit")
    for i, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise ShapeError(
                f"Empirical data[{i}] has {len(row)} entries, data[0] has {len(rows[0])}; "
                "pass rows of one length"
            )
    return tuple(rows)


def _weights(weights: Any, count: int) -> tuple[Fraction, ...]:
    given = _listed(weights)
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ShapeError(f"Empirical weights is {weights!r}; pass one number per row")
    share = tuple(_fraction(w, f"Empirical weights[{i}]") for i, w in enumerate(given))
    if len(share) != count:
        raise ShapeError(
            f"Empirical has {count} rows but {len(share)} weights; pass one per row"
        )
    if min(share) < 0 or not any(share):
        worst = f"weight {share.index(min(share))} is {min(share)}" if min(share) < 0 else (
            "all weights are 0"
        )
        raise DomainError(f"Empirical: {worst}; pass non-negative weights, one of them positive")
    return share


def _fraction(value: Any, what: str) -> Fraction:
    value = _listed(value)  # a scalar of an array library becomes a Python number
    if isinstance(value, sp.Rational):
        return Fraction(int(value.p), int(value.q))
    if isinstance(value, (int, float, Fraction, Decimal, str)) and not isinstance(value, bool):
        try:
            return Fraction(value)
        except (ValueError, OverflowError):
            pass
    raise DomainError(
        f"{what} is {value!r}, no rational number; remove or fill missing values, and write exact "
        "decimals as strings"
    )


def _common(values: Sequence[Fraction | int]) -> Column:
    """Numerators over the least common denominator."""
    denominator = math.lcm(*(v.denominator for v in values))
    return tuple(v.numerator * (denominator // v.denominator) for v in values), denominator


def _rational(value: Fraction) -> sp.Expr:
    return sp.Rational(value.numerator, value.denominator)
