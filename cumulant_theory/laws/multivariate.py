"""Laws of several dependent variables: multivariate normal, finite support."""

import itertools
from typing import Any, ClassVar

import sympy as sp

from ..algebra import MultiIndex, joint_cumulants, order_of
from ..arguments import entries
from ..errors import DomainError, ShapeError
from .base import JointLaw, JointSupport, Sampling
from .discrete import merge
from .domains import probabilities, reals, sign
from .registry import register


@register
class MultivariateNormal(JointLaw):
    """Multivariate normal law.

    Parameters
    ----------
    mean
        n exact values.
    cov
        n x n symmetric exact matrix, nested sequences or a SymPy matrix; positive semidefinite.

    Raises
    ------
    ShapeError
        If the shapes do not fit.
    DomainError
        If ``cov`` is not symmetric, or numeric and not positive semidefinite.

    Examples
    --------
    >>> law = MultivariateNormal([0, "mu"], [["s", "r"], ["r", 2]])
    >>> law.joint(1), law.joint(0, 1), law.joint(0, 0, 1), law.hypotheses
    (mu, r, 0, ('cov of units (0, 1) is positive semidefinite',))
    """

    name = "multivariate_normal"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"mean": (0, 1), "cov": ((2, 1), (1, 1))},
        {"mean": (1, 0, 2), "cov": ((1, 0, 1), (0, 3, 0), (1, 0, 1))},
    )

    def __init__(self, mean: Any, cov: Any) -> None:
        mu = reals(mean, "MultivariateNormal mean")
        rows = entries(cov, "MultivariateNormal cov", "a square matrix")
        sigma = tuple(
            reals(row, f"MultivariateNormal cov[{i}]") for i, row in enumerate(rows)
        )
        n = len(mu)
        if len(sigma) != n or any(len(row) != n for row in sigma):
            shape = f"{len(sigma)} rows of lengths {[len(row) for row in sigma]}"
            raise ShapeError(
                f"MultivariateNormal cov has {shape}, the mean has {n} entries; "
                f"pass a {n} x {n} matrix"
            )
        for i, j in itertools.combinations(range(n), 2):
            if sp.expand(sigma[i][j] - sigma[j][i]) != 0:
                raise DomainError(
                    f"MultivariateNormal cov is not symmetric: entry ({i}, {j}) is {sigma[i][j]}, "
                    f"entry ({j}, {i}) is {sigma[j][i]}"
                )
        super().__init__({"mean": mu, "cov": sigma})
        self._blocks = _connected(sigma)
        self._hypotheses = tuple(h for b in self._blocks for h in _require_psd(sigma, b))

    @property
    def dim(self) -> int:
        return len(self.parameters["mean"])

    def _cumulant(self, alpha: MultiIndex) -> sp.Expr:
        units = [i for i, a in enumerate(alpha) for _ in range(min(a, 3))]
        if order_of(alpha) == 1:
            return self.parameters["mean"][units[0]]
        if order_of(alpha) == 2:
            return self.parameters["cov"][units[0]][units[1]]
        return sp.S.Zero

    @property
    def blocks(self) -> tuple[tuple[int, ...], ...]:
        return self._blocks

    @property
    def sampling(self) -> Sampling:
        return ("multivariate_normal", self.parameters["mean"], self.parameters["cov"])

    @property
    def latex(self) -> str:
        mean = sp.latex(sp.Matrix(self.parameters["mean"]))
        return rf"\mathcal{{N}}\left({mean},{sp.latex(sp.Matrix(self.parameters['cov']))}\right)"

    @property
    def words(self) -> str:
        return f"the normal law ${self.latex}$"


def _connected(sigma: tuple[tuple[sp.Expr, ...], ...]) -> tuple[tuple[int, ...], ...]:
    label = list(range(len(sigma)))
    for i, j in itertools.combinations(range(len(sigma)), 2):
        if sigma[i][j] != 0:
            label = [label[i] if k == label[j] else k for k in label]
    groups: dict[int, list[int]] = {}
    for i, k in enumerate(label):
        groups.setdefault(k, []).append(i)
    return tuple(map(tuple, groups.values()))


def _require_psd(sigma: tuple[tuple[sp.Expr, ...], ...], block: tuple[int, ...]) -> list[str]:
    for i in block:
        if sign(sigma[i][i]) == -1:
            raise DomainError(
                f"MultivariateNormal cov[{i}][{i}] = {sigma[i][i]} is negative; a variance is not"
            )
    matrix = sp.Matrix([[sigma[i][j] for j in block] for i in block])
    if not matrix.free_symbols:
        # a symmetric matrix has real eigenvalues: none is negative iff the signs of its
        # characteristic polynomial alternate
        signs = [sign((-1) ** k * c) for k, c in enumerate(matrix.charpoly().all_coeffs())]
        if -1 in signs:
            raise DomainError(
                f"MultivariateNormal cov of units {block} is not positive semidefinite: {matrix}; "
                "no law has it"
            )
        if None not in signs:
            return []
    if len(block) == 1:
        value = sigma[block[0]][block[0]]
        return [] if value.is_nonnegative else [f"{value} >= 0"]
    return [f"cov of units {block} is positive semidefinite"]


@register
class DiscreteJoint(JointLaw):
    """Law on finitely many points of R^n.

    Parameters
    ----------
    points
        Points, each a sequence of n exact values; repeated ones are merged.
    probs
        One probability per point, summing to one; equal ones by default.

    Raises
    ------
    ShapeError
        If points differ in length, or probs do not match them.
    DomainError
        If the probabilities are none.

    Examples
    --------
    >>> law = DiscreteJoint([(0, 0), (1, 1)])
    >>> law.cumulant((1, 1)), law.moment((2, 1))
    (1/4, 1/2)
    """

    name = "discrete_joint"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "points": ((0, 0), (1, 2), (-1, 1)),
            "probs": (sp.S.Half, sp.Rational(1, 3), sp.Rational(1, 6)),
        },
    )

    def __init__(self, points: Any, probs: Any = None) -> None:
        points = entries(points, "DiscreteJoint points", "a sequence of points")
        values = tuple(
            reals(point, f"DiscreteJoint points[{i}]") for i, point in enumerate(points)
        )
        if not values:
            raise ShapeError("DiscreteJoint has no points; pass at least one")
        if len({len(point) for point in values}) > 1:
            raise ShapeError("DiscreteJoint points differ in length; pass points of one space")
        if probs is None:
            probs = (sp.Rational(1, len(values)),) * len(values)
        weights = reals(probs, "DiscreteJoint probs")
        if len(weights) != len(values):
            raise ShapeError(
                f"DiscreteJoint has {len(values)} points but {len(weights)} probs; "
                "pass one per point"
            )
        hypotheses = probabilities(weights, "DiscreteJoint probs")
        law = merge(values, weights)
        super().__init__({"points": tuple(law), "probs": tuple(law.values())}, hypotheses)
        self._from_moments = joint_cumulants(self.moment)

    @property
    def dim(self) -> int:
        return len(self.parameters["points"][0])

    def support(self) -> JointSupport:
        return list(zip(self.parameters["points"], self.parameters["probs"], strict=True))

    def _moment(self, alpha: MultiIndex) -> sp.Expr:
        return sp.expand(sp.Add(*(
            p * sp.Mul(*(x**a for x, a in zip(point, alpha, strict=True)))
            for point, p in self.support()
        )))

    def _cumulant(self, alpha: MultiIndex) -> sp.Expr:
        return sp.expand(self._from_moments(alpha))

    @property
    def blocks(self) -> tuple[tuple[int, ...], ...]:
        return (tuple(range(self.dim)),)

    @property
    def sampling(self) -> Sampling:
        return ("discrete_joint", self.parameters["points"], self.parameters["probs"])

    @property
    def label(self) -> str:
        return f"DiscreteJoint({len(self.parameters['points'])} points in R^{self.dim})"

    @property
    def words(self) -> str:
        points = len(self.parameters["points"])
        return rf"the law on {points} points of $\mathbb{{R}}^{{{self.dim}}}$"
