"""Failing branches met in practice: counter-examples as networks, and where training ends."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from scipy.stats import binomtest

from cumulant_theory.algebra import as_integer, check_seed
from cumulant_theory.arguments import brief, check_instance, explained
from cumulant_theory.errors import DomainError, ShapeError, UnknownNameError
from cumulant_theory.laws import JointLaw, Law

from .backends.numpy import as_float64, rounded
from .comparison import Comparison, Prediction, compare
from .sampling import require_samplable
from .tables import html_table, text_table

if TYPE_CHECKING:
    from cumulant_theory.generalisation import Analysis

__all__ = ["Confrontation", "Landing", "branch_of", "confront", "landing"]


@dataclass(frozen=True)
class Confrontation:
    """Output cumulants of a network beside those of its target, law by law.

    Attributes
    ----------
    comparisons : mapping
        Name of the law -> comparison; "predicted" are the cumulants of the target map.
    """

    comparisons: Mapping[str, Comparison]

    @explained
    def agrees(self, law: str) -> bool:
        """Whether no cumulant contradicts the target on this law."""
        return not self._of(law).contradicts

    @explained
    def z(self, law: str) -> float:
        """Largest |z| on this law."""
        return abs(self._of(law).worst.z)

    def _of(self, law: str) -> Comparison:
        if law not in self.comparisons:
            raise UnknownNameError.of("law", law, self.comparisons)
        return self.comparisons[law]

    def _cells(self) -> list[list[str]]:
        rows = [["law", "worst order", "target", "measured", "std. error", "z", "verdict"]]
        for name, comparison in self.comparisons.items():
            worst = comparison.worst
            rows.append([
                name, str(worst.order), f"{worst.predicted:.6g}", f"{worst.measured:.6g}",
                f"{worst.standard_error:.2g}", f"{worst.z:.3g}",
                "as the target" if self.agrees(name) else "misses the target",
            ])
        return rows

    def __repr__(self) -> str:
        return "\n".join(text_table(self._cells(), left=(0, 6)))

    def _repr_html_(self) -> str:
        return html_table("Network against target", self._cells())


@explained
def confront(
    network: Any, target: Any, laws: Mapping[str, Law | JointLaw] | Iterable[Law | JointLaw],
    order: int = 4, samples: int = 10**6, seed: int = 0, level: float = 0.01,
) -> Confrontation:
    """Run a network on samples of several laws and compare its output with the target's law.

    Parameters
    ----------
    network : Layer, Network or Ensemble
        A layer with numbers, such as ``witness.network``, is built as a torch module.
    target : Layer
        The map that it should be.
    laws : mapping or sequence
        Laws without symbols, with names or not.
    order : int
        Highest order compared.
    samples, seed : int
        Samples per law and their seed.
    level : float
        Of the tests; Holm's correction runs over all orders of a law.

    Raises
    ------
    DomainError
        If the network has symbols without a value, or a law cannot be sampled.

    Examples
    --------
    >>> import sympy as sp
    >>> from cumulant_theory import laws, layers
    >>> mirror = layers.Linear(2, 1, weight=[[-1 / sp.sqrt(2)] * 2])
    >>> found = confront(mirror, layers.BlockSum(2), {
    ...     "Gaussian": laws.Normal(0, 1), "exponential": laws.Exponential(1)}, samples=20000)
    >>> found.agrees("Gaussian"), found.agrees("exponential")
    (True, False)
    """
    from cumulant_theory.layers import Layer

    from .measurement import measure
    from .networks import Ensemble, Network, build

    check_instance(network, (Layer, Network, Ensemble), "confront: network")
    check_instance(target, Layer, "confront: target")
    module: Any = build(network) if isinstance(network, Layer) else network
    listed = list(laws.values() if isinstance(laws, Mapping) else laws)
    for law in listed:
        require_samplable(law)
    names = list(laws) if isinstance(laws, Mapping) else [law.label for law in listed]
    output = module.labels[-1]
    found = {}
    for name, law in zip(names, listed, strict=True):
        goal = target.propagate(law, order)
        if goal.dim != 1 or module.out_features != 1:
            raise ShapeError("confront: network and target must have one output unit each")
        wanted: dict[Any, float] = {
            (r,): rounded(sp.sympify(goal[r]), f"confront: the target's cumulant {r}")
            for r in range(1, order + 1)
        }
        measured = measure(
            module, law, order=order, samples=samples, seed=seed, layers="output"
        )
        prediction = Prediction((output,), {output: wanted}, law=str(name))
        found[name] = compare(prediction, measured, level=level)
    return Confrontation(found)


@dataclass(frozen=True)
class Landing:
    """On which branch of the training variety trained networks end.

    Attributes
    ----------
    names : tuple of str
        Branches, with the number that the analysis gives them.
    fails : tuple of bool
        Whether a branch fails on the test laws.
    counts : array (B,)
        Networks on each branch.
    elsewhere : int
        Networks that did not reach any: their training did not converge to the training variety.
    violations : array (S, B)
        Largest violation of the equations of a branch by a network.
    losses : array (S,)
        Loss at the end.
    """

    names: tuple[str, ...]
    fails: tuple[bool, ...]
    counts: np.ndarray
    elsewhere: int
    violations: np.ndarray = field(repr=False)
    losses: np.ndarray = field(repr=False)

    @property
    def networks(self) -> int:
        """Number of trained networks."""
        return len(self.losses)

    @property
    def failing(self) -> float:
        """Fraction of the networks that end on a branch that fails."""
        return float(self.counts[np.array(self.fails, dtype=bool)].sum() / self.networks)

    @explained
    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Wilson confidence interval of :attr:`failing`.

        Raises
        ------
        DomainError
            If the level is not between 0 and 1.
        """
        level = float(level)
        if not 0 < level < 1:
            raise DomainError(f"interval: level is {level!r}; give a number between 0 and 1")
        count = int(self.counts[np.array(self.fails, dtype=bool)].sum())
        limits = binomtest(count, self.networks).proportion_ci(level, method="wilson")
        return float(limits.low), float(limits.high)

    def _cells(self) -> list[list[str]]:
        rows = [["branch", "on the test laws", "networks", "fraction"]]
        rows += [
            [name, "fails" if fails else "generalises", str(int(count)),
             f"{count / self.networks:.3f}"]
            for name, fails, count in zip(self.names, self.fails, self.counts, strict=True)
        ]
        rows.append(["none", "", str(self.elsewhere), f"{self.elsewhere / self.networks:.3f}"])
        return rows

    def __repr__(self) -> str:
        return "\n".join(text_table(self._cells(), left=(0, 1)))

    def _repr_html_(self) -> str:
        return html_table("Where training ends", self._cells())


@explained
def landing(
    analysis: "Analysis", law: Law | JointLaw, seeds: int = 64, steps: int = 500,
    order: int | None = None, seed: int = 0, tolerance: float = 1e-6, progress: bool = False,
) -> Landing:
    """Train the network of an analysis from random starts and see on which branch it ends.

    Parameters
    ----------
    analysis : generalisation.Analysis
        Of :func:`cumulant_theory.generalisation.analyse`.
    law : Law or JointLaw
        Training law, without symbols; a member of the family analysed.
    seeds : int
        Number of networks.
    steps : int
        Most steps of Levenberg-Marquardt on the exact mismatch of cumulants.
    order : int, optional
        Orders matched; those of the analysis by default.
    seed : int
        Of the random starts.
    tolerance : float
        Largest violation of a branch's equations by a network that counts as being on it.

    Raises
    ------
    DomainError
        If the analysis has no branches, or the law holds symbols.
    ShapeError
        If ``seeds`` is no number of networks that are trained at once.
    """
    from .networks import build
    from .training import train
    from .training.tuning import LARGEST

    if not analysis.branches:
        raise DomainError("landing: the analysis has no real branch on which a network could end")
    count = as_integer(seeds, 1)
    if count is None or count > LARGEST:
        raise ShapeError(
            f"landing: seeds is {brief(seeds)}; give the number of networks, 1 to {LARGEST}"
        )
    network, target = analysis.network, analysis.target
    units = network.input_units()
    starts = np.random.SeedSequence(check_seed(seed, "landing")).generate_state(count)
    module = build(network, seeds=[int(s) for s in starts])
    inputs = law.iid(units) if isinstance(law, Law) else law
    result = train(
        module, SimpleNamespace(target=target, inputs=inputs), loss="law", exact=True,
        order=analysis.problem.order if order is None else order, steps=steps, progress=progress,
        on_divergence="keep",
    )
    violations = _violations(analysis, module.values())
    ends = _nearest(violations, tolerance)
    counts = np.bincount(ends[ends >= 0], minlength=len(analysis.branches))
    return Landing(
        tuple(f"{b.number}: {', '.join(f'{e.lhs} = {e.rhs}' for e in b.equations)}"
              for b in analysis.branches),
        tuple(b.generalises is False for b in analysis.branches),
        counts, int((ends < 0).sum()), violations,
        np.asarray(result.final_loss, dtype=float),
    )


@explained
def branch_of(
    analysis: "Analysis", values: Mapping[Any, Any], tolerance: float = 1e-6
) -> np.ndarray:
    """The branch of the training variety on which networks lie.

    Parameters
    ----------
    analysis : generalisation.Analysis
        Of these networks.
    values : mapping
        Parameter -> its values (S,), or one number.
    tolerance : float
        Largest violation of a branch's equations by a network that counts as being on it.

    Returns
    -------
    array (S,) of int
        Position of the nearest branch in ``analysis.branches``; -1 for networks on none.

    Raises
    ------
    DomainError
        If the analysis has no branches.

    Examples
    --------
    >>> import sympy as sp
    >>> from cumulant_theory import laws, layers, symmetries
    >>> from cumulant_theory.generalisation import analyse
    >>> unit = layers.Linear(2, 1, symmetry=symmetries.PermutationInvariant(), name="w")
    >>> found = analyse(unit, layers.BlockSum(2), laws.Normal(0, 1), laws.Exponential(1), 3,
    ...                 engine="sympy")
    >>> branch_of(found, {sp.Symbol("w"): [2**-0.5, -(2**-0.5), 1]}).tolist()
    [0, 1, -1]
    """
    if not analysis.branches:
        raise DomainError("branch_of: the analysis has no real branch on which a network could lie")
    return _nearest(_violations(analysis, values), tolerance)


def _nearest(violations: np.ndarray, tolerance: float) -> np.ndarray:
    return np.where(violations.min(axis=1) <= tolerance, np.argmin(violations, axis=1), -1)


def _violations(analysis: "Analysis", values: Mapping[Any, Any]) -> np.ndarray:
    """Largest |lhs - rhs| over the equations of each branch, (S, B)."""
    names = [sp.Symbol(s) if isinstance(s, str) else s for s in values]
    arrays = [np.atleast_1d(as_float64(v, f"values: {s}")) for s, v in values.items()]
    if not arrays or any(a.ndim > 1 or len(a) not in (1, max(map(len, arrays))) for a in arrays):
        raise ShapeError(
            f"branch_of: values is {brief(values)}; give each parameter a number or one for each "
            "network"
        )
    numbers = np.broadcast_arrays(*arrays)
    seeds = len(numbers[0])
    columns = []
    for branch in analysis.branches:
        gaps = [
            (sp.sympify(e.lhs) - sp.sympify(e.rhs)).subs(analysis.definitions)
            for e in branch.equations
        ]
        unknown = set().union(*(g.free_symbols for g in gaps)) - set(names)
        if unknown:
            raise DomainError(
                f"branch_of: values lacks {', '.join(sorted(map(str, unknown)))}; give every "
                "parameter of the network a number"
            )
        f = sp.lambdify(names, gaps, "numpy")
        found = [np.broadcast_to(np.abs(g), (seeds,)) for g in f(*numbers)]
        columns.append(np.max(found, axis=0) if found else np.zeros(seeds))
    worst = np.stack(columns, axis=1)
    return np.where(np.isfinite(worst), worst, np.inf)
