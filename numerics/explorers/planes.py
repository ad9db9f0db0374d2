"""Planes of two coefficients of a network: what fits the training law, what it misses on another.

The other coefficients are fixed, or follow from the mean on the training law.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy.optimize import least_squares

from cumulant_theory import activations, laws, layers, symmetries
from cumulant_theory.algebra import check_order
from cumulant_theory.arguments import brief, check_instance, explained
from cumulant_theory.errors import DomainError, UnknownNameError
from cumulant_theory.generalisation import Analysis, analyse
from cumulant_theory.latex.html import Markup, card, equation, facts, folded, formula, table
from cumulant_theory.laws import JointLaw, Law
from cumulant_theory.layers import Layer
from cumulant_theory.parsing import as_number

from ..backends.numpy import as_float64

__all__ = ["FailurePlane", "failure_data", "usual_units"]

_INSIDE = 1e-9  # rounding, at the points of branches
_FAR = 1e9  # from zero, where there is nothing to see


@dataclass(frozen=True, eq=False)
class FailurePlane:
    """A plane of two coefficients of a network.

    Attributes
    ----------
    analysis
        Branches of the training variety, for all coefficients.
    order
        Highest order matched in training.
    axes
        The two coefficients.
    others
        Value of each other coefficient on the plane.
    train, test
        Order -> residual on the plane, exact.
    networks
        Trained networks on the plane: array (S, 2).
    left_out
        Trained networks that do not lie on the plane.
    """

    analysis: Analysis
    order: int
    axes: tuple[sp.Symbol, sp.Symbol]
    others: dict[sp.Symbol, sp.Expr]
    train: dict[int, sp.Expr]
    test: dict[int, sp.Expr]
    networks: NDArray[np.float64]
    left_out: int
    train_law: Any = None
    test_law: Any = None

    @cached_property
    def _functions(self) -> dict[str, Any]:
        return {
            kind: sp.lambdify(self.axes, list(found.values()), "numpy", cse=True)
            for kind, found in (("train", self.train), ("test", self.test))
        }

    @explained
    def residuals(self, kind: str, x: Any, y: Any) -> dict[int, NDArray[np.float64]]:
        """Residuals at points of the plane, by order; ``kind`` is "train" or "test"."""
        if kind not in ("train", "test"):
            raise UnknownNameError.of("kind of law", kind, ("train", "test"))
        points = _points(x, y)
        shape = max((p.shape for p in points), key=len)
        values = self._functions[kind](*points)
        return {
            r: np.broadcast_to(v, shape)
            for r, v in zip(getattr(self, kind), values, strict=True)
        }

    @explained
    def violations(self, x: float, y: float) -> list[float]:
        """Largest violation of the equations of each branch at a point."""
        place = (sp.Float(float(v)) for v in _points(float(x), float(y)))
        point: dict[Any, Any] = dict(zip(self.axes, place, strict=True))
        point |= {s: e.xreplace(point) for s, e in self.others.items()}
        return [
            max((abs(float((e.lhs - e.rhs).xreplace(point))) for e in b.equations), default=0.0)
            for b in self.analysis.branches
        ]

    @explained
    def fitted(self, x: float, y: float) -> tuple[float, float]:
        """A point of the plane that fits the training law, found by least squares from (x, y)."""
        start = [float(v) for v in _points(float(x), float(y))]
        kept = [r for r in self.train if r <= self.order]

        def misfit(point: Any) -> Any:
            found = self.residuals("train", *point)
            return np.array([float(found[r]) for r in kept] + [0.0])

        best = least_squares(misfit, start, xtol=1e-15, ftol=1e-15, gtol=1e-15).x
        return float(best[0]), float(best[1])

    @cached_property
    def window(self) -> tuple[float, float]:
        """Half widths of a window that holds the networks that fit the variance."""
        line = np.linspace(-3, 3, 241)
        signs = np.sign(self.residuals("train", *np.meshgrid(line, line))[2])
        turns = (signs[1:, 1:] != signs[:-1, 1:]) | (signs[1:, 1:] != signs[1:, :-1])
        rows, columns = np.nonzero(turns)
        if not len(rows):
            return 1.3, 1.3
        half = [1.25 * float(np.abs(line[k + 1]).max()) for k in (columns, rows)]
        return min(half[0], 3.0), min(half[1], 3.0)

    def __repr__(self) -> str:
        return (f"FailurePlane({self.axes[0]}, {self.axes[1]}; {self.train_law!r} to order "
                f"{self.order}, {self.test_law!r})")

    def _repr_html_(self) -> str:
        rows = [
            ("training law", f"{self.train_law.label}, to order {self.order}"),
            ("test law", self.test_law.label),
            ("trained networks", f"{len(self.networks)} on the plane, {self.left_out} not"),
        ]
        fixed = [equation(s, e) for s, e in self.others.items()]
        rows += [("elsewhere", Markup(", ".join(fixed)))] if fixed else []
        residuals = [(formula(rf"\rho_{{{r}}}"), formula(e), formula(self.test[r]))
                     for r, e in self.train.items()]
        x, y = map(formula, self.axes)
        return card(
            Markup(f"The plane of {x} and {y}"), facts(rows),
            table(("", "on the training law", "on the test law"), residuals),
            folded("all branches", self.analysis._repr_html_()),
        )

    @property
    def isolated(self) -> list[tuple[int, float, float]]:
        """Number and place of the branches that are points of the plane."""
        found = []
        for branch in self.analysis.branches:
            values = {e.lhs: e.rhs for e in branch.equations}
            if all(values.get(s, sp.Symbol("open")).is_number for s in self.axes):
                x, y = (float(values[s]) for s in self.axes)
                if max(self.violations(x, y)[branch.number - 1 :][:1]) <= _INSIDE:
                    found.append((branch.number, x, y))
        return found


def _points(x: Any, y: Any) -> list[NDArray[np.float64]]:
    """Coordinates as arrays of one shape, or numbers."""
    points = [as_float64(v, name) for name, v in (("x", x), ("y", y))]
    shape = next((p.shape for p in points if p.ndim), ())
    if any(p.shape not in ((), shape) or not (np.abs(p) < _FAR).all() for p in points):
        raise DomainError(f"x and y are {brief((x, y))}; pass numbers below {_FAR:g}, or two alike")
    return points


@lru_cache(maxsize=1)
def _usual_units() -> tuple[Layer, Layer]:
    tied = (
        layers.Linear(2, 1, symmetry=symmetries.PermutationInvariant(), name="w")
        >> layers.Pointwise(activations.Quadratic("a"))
        >> layers.Linear(1, 1, bias=True, name="v", bias_name="c")
    )
    return tied, layers.Linear(2, 1, bias=True, name="l")


def usual_units() -> dict[str, Layer]:
    """The tied quadratic unit and the free linear one.

    Examples
    --------
    >>> [unit.input_units() for unit in usual_units().values()]
    [2, 2]
    """
    return dict(zip(("tied, z + a z²", "free, linear"), _usual_units(), strict=True))


@explained
def failure_data(
    network: Layer, target: Layer | None = None, train: Any = None, test: Any = None,
    order: int = 2, *, plane: tuple[Any, Any] | None = None,
    fixed: Mapping[Any, Any] | None = None, member: Mapping[Any, Any] | None = None,
    seeds: int = 24,
) -> FailurePlane:
    """Residuals, branches and trained networks on a plane of two coefficients.

    Parameters
    ----------
    network, target : Layer
        As for :func:`cumulant_theory.generalisation.analyse`; the block sum by default.
    train, test : Law
        One law each, or a family with symbols; standard normal and Exponential(1) by default.
    order : int
        Highest order matched in training, 2 to 4; residuals go to order 4.
    plane : pair of symbols or names, optional
        Two of the unknowns of the analysis: effective coefficients, or parameters.
    fixed : mapping, optional
        Unknown -> exact number. What is neither on the plane nor fixed must be a shift, which the
        mean on the training law decides.
    member : mapping, optional
        Symbol of a family -> number, 1 by default: the member on which residuals are drawn and
        networks trained.
    seeds : int
        Networks trained; 0 trains none, and torch is not needed.

    Raises
    ------
    DomainError
        If the unknowns do not come down to two.
    CumulantError
        What the analysis raises.

    Examples
    --------
    >>> found = failure_data(usual_units()["free, linear"], seeds=0)
    >>> found.axes, found.others, found.train[2]
    ((l_11, l_12), {c: 0}, l_11**2 + l_12**2 - 1)
    """
    check_instance(network, Layer, "failure_data: network")
    target = layers.BlockSum(network.input_units()) if target is None else target
    for name, law in (("train", train), ("test", test)):
        check_instance(law, (Law, JointLaw, type(None)), f"failure_data: {name}")
    order = check_order(order, "failure_data")
    return _plane(
        network, target, laws.Normal(0, 1) if train is None else train,
        laws.Exponential(1) if test is None else test, order,
        None if plane is None else (str(plane[0]), str(plane[1])), _items(fixed), _items(member),
        seeds,
    )


def _items(mapping: Mapping[Any, Any] | None) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted((str(k), as_number(v, str(k))) for k, v in (mapping or {}).items()))


@lru_cache(maxsize=64)
def _plane(
    network: Layer, target: Layer, train: Any, test: Any, order: int,
    plane: tuple[str, str] | None, fixed: tuple[tuple[str, Any], ...],
    member: tuple[tuple[str, Any], ...], seeds: int,
) -> FailurePlane:
    analysis = analyse(network, target, train, test, order, test_order=4)
    problem = analysis.problem
    known = {str(s): s for s in problem.coordinates.unknowns}
    unknown = [name for name in (*(plane or ()), *dict(fixed)) if name not in known]
    if unknown:
        raise DomainError(
            f"{unknown[0]} is no unknown of {network!r}; they are {', '.join(known)}"
        )
    chosen = dict(member)
    members = [_member(one, chosen) for one in (train, test)]
    shown = [_residuals(network, target, one, problem) for one in members]
    others = {known[name]: value for name, value in fixed}
    left = [s for s in known.values() if s not in others and str(s) not in (plane or ())]
    axes = [known[name] for name in plane or ()]
    for s in [*left] if plane else _shifts(left, shown[0]):
        others[s] = _solved(s, shown[0][1].xreplace(others), network, known)
        left.remove(s)
    axes += left
    if len(axes) != 2:
        raise DomainError(
            f"{network!r} has the unknowns {', '.join(known)}; name two of them by plane=, and "
            "give the others exact numbers by fixed="
        )
    on_plane = [
        {r: sp.expand(e.xreplace(others)) for r, e in found.items()} for found in shown
    ]
    networks, left_out = np.zeros((0, 2)), 0
    if seeds:
        networks, left_out = _trained(analysis, members[0], order, seeds, tuple(axes), others)
    return FailurePlane(
        analysis, order, (axes[0], axes[1]), others, on_plane[0], on_plane[1], networks, left_out,
        members[0], members[1],
    )


def _member(law: Any, values: Mapping[str, Any]) -> Any:
    free = getattr(law, "free_symbols", None)
    if free is None:
        raise DomainError(f"failure explorer: {law!r} is no law; give one law or family")
    return law.subs({s: values.get(str(s), 1) for s in free}) if free else law


def _residuals(network: Layer, target: Layer, law: Any, problem: Any) -> dict[int, sp.Expr]:
    """Residuals in the unknowns, orders 1 to 4."""
    found = problem._residuals(law, 4).residuals
    return {r: sp.expand(e) for r, e in found.items()}


def _shifts(unknowns: list[sp.Symbol], found: Mapping[int, sp.Expr]) -> list[sp.Symbol]:
    """Unknowns that move the mean alone."""
    higher = set().union(*(e.free_symbols for r, e in found.items() if r > 1))
    return [s for s in unknowns if s in found[1].free_symbols and s not in higher]


def _solved(s: sp.Symbol, mean: Any, network: Layer, known: Mapping[str, Any]) -> sp.Expr:
    slope = sp.diff(mean, s)
    if slope == 0 or slope.free_symbols:
        raise DomainError(
            f"{s} of {network!r} is no shift, so the mean on the training law does not decide it; "
            f"the unknowns are {', '.join(known)}: give numbers to all but two by fixed="
        )
    return sp.expand(s - mean / slope)


def _trained(
    analysis: Analysis, law: Any, order: int, seeds: int, axes: tuple[sp.Symbol, ...],
    others: Mapping[sp.Symbol, sp.Expr],
) -> tuple[NDArray[np.float64], int]:
    """Coefficients of networks trained on the exact mismatch of cumulants."""
    from ..networks import build
    from ..training import train

    network, target = analysis.network, analysis.target
    module = build(network, seeds=range(seeds))
    inputs = law.iid(network.input_units()) if isinstance(law, Law) else law
    done = train(
        module, SimpleNamespace(target=target, inputs=inputs), loss="law", exact=True, order=order,
        steps=300, progress=False, on_divergence="keep",
    )
    coordinates = analysis.problem.coordinates
    values = {s: e.xreplace(analysis.problem.radicals) for s, e in coordinates.values.items()}
    parameters = list(network.parameters)
    evaluate = sp.lambdify(parameters, [values[s] for s in coordinates.unknowns], "numpy")
    given = module.values()
    columns = dict(zip(
        coordinates.unknowns,
        (np.broadcast_to(v, (seeds,)) for v in evaluate(*(given[p] for p in parameters))),
        strict=True,
    ))
    places = np.stack([columns[s] for s in axes], axis=1)
    near = np.asarray(done.converged, dtype=bool).copy()
    for s, e in others.items():
        wanted = sp.lambdify(axes, e, "numpy")(*places.T)
        near &= np.abs(columns[s] - wanted) < 1e-4
    return places[near], int((~near).sum())
