"""Whether an architecture that fits its training laws is right on its test laws."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import sympy as sp

from ..algebra.limits import check_seed
from ..arguments import explained
from ..claims import in_words
from ..cumulants import independence
from ..derivation import Derivation
from ..errors import DomainError, NoClosedFormError, TimeLimitError
from ..layers import Layer
from ..varieties import time_limit
from .branches import Branch, TestResidual, Witness, numbered
from .certified import CertifiedWitness, certified_search, certified_witness
from .components import Component
from .display import branch_table, html_table, latex_table, text_table
from .equations import Problem
from .finder import BranchFinder

_LEAST, _SOON = 2.0, 1e-3  # seconds for the residuals at least, and for the branches


@dataclass(frozen=True)
class Analysis:
    """Branches of the training variety, the test residuals on them, and the verdict.

    Attributes
    ----------
    generalises
        True if all real parameters that fit the training laws are right on the test laws; False if
        some are not, or if none fit; None if undecided.
    fits
        Whether some real parameters fit the training laws; None if undecided.
    reason
        Why the verdict is what it is.
    branches
        Irreducible real parts of the training variety, those that generalise first.
    exact
        Whether the verdict rests on exact algebra; False where there is none, or where it rests on
        a certified numeric point.
    hypotheses
        Conditions under which it holds.
    certified
        Parameters proven to lie in a small box that fit the training laws and fail on a test law;
        searched where exact algebra does not decide in time.
    """

    generalises: bool | None
    fits: bool | None
    reason: str
    branches: tuple[Branch, ...]
    exact: bool
    hypotheses: tuple[str, ...]
    problem: Problem = field(repr=False)
    engine: str = field(repr=False)
    seconds: float = field(repr=False)
    seed: int = field(repr=False)
    certified: CertifiedWitness | None = field(default=None, repr=False)
    _found: Witness | None = field(default=None, repr=False)

    @property
    def network(self) -> Layer:
        """The network."""
        return self.problem.network

    @property
    def target(self) -> Layer:
        """The map that it should learn."""
        return self.problem.target

    @property
    def equations(self) -> tuple[sp.Expr, ...]:
        """The training equations: all are 0 exactly where the network fits the training laws."""
        radicals = self.problem.radicals
        return tuple(sp.expand(e.xreplace(radicals)) for e in self.problem.equations)

    @property
    def definitions(self) -> dict[sp.Symbol, Any]:
        """Effective coefficient -> its value in the parameters."""
        radicals = self.problem.radicals
        return {
            x: e.xreplace(radicals) for x, e in self.problem.coordinates.values.items() if x != e
        }

    @property
    def failure_conditions(self) -> tuple[TestResidual, ...]:
        """Test residuals that do not vanish on a branch: where one is not 0, the network fails."""
        return tuple(t for b in self.branches for t in b.tests if t.vanishes is False)

    @property
    def witnesses(self) -> tuple[Witness, ...]:
        """One for every branch on which failing parameters are known."""
        own = (self._found, *(b.witness for b in self.branches))
        return tuple(w for w in own if w is not None)

    def witness(self) -> Witness:
        """Exact parameters that fit the training laws and fail on a test law.

        Raises
        ------
        DomainError
            If none is known exactly; ``certified`` may hold one in a box.
        """
        if not self.witnesses:
            raise DomainError(
                "no witness is known: either no branch fails on the test laws, or the search "
                "ended at the time limit; see .generalises, .reason and .certified, and give a "
                "larger seconds="
            )
        return self.witnesses[0]

    @cached_property
    def complex_branches(self) -> tuple[Component, ...]:
        """Irreducible complex parts of the training variety whose real points are not dense.

        Raises
        ------
        TimeLimitError
            If the time limit of the analysis passes.
        """
        finder = BranchFinder(self.problem, self.engine, self.seed, self.seconds)
        with time_limit(self.seconds):
            return tuple(finder.complex([b.ideal for b in self.branches]))

    @cached_property
    def derivation(self) -> Derivation:
        """The argument step by step; ``derivation.verify()`` checks each by another route."""
        from .derive import derive_analysis

        return derive_analysis(self)

    def __repr__(self) -> str:
        return text_table(self)

    def _repr_html_(self) -> str:
        return html_table(self)

    def _repr_latex_(self) -> str:
        return branch_table(self)

    def latex_blocks(self) -> list[Any]:
        """The argument as blocks of an article."""
        return self.derivation.latex_blocks()

    def references(self) -> dict[str, Any]:
        """Key -> entry of what the argument refers to."""
        return self.derivation.references()

    def to_latex(self) -> str:
        """The table of branches, for a document with the package booktabs."""
        return latex_table(self)


@explained
def analyse(
    network: Layer, target: Layer, train: Any, test: Any, order: int = 4, *,
    test_order: int | None = None, seconds: float = 30, engine: str = "auto", seed: int = 0,
) -> Analysis:
    """Decide whether fitting the training laws makes a network right on the test laws.

    The residuals kappa_r(f) - kappa_r(R) on the training laws are polynomials in the effective
    coefficients of the network and in the free symbols of the laws. They vanish for all values of
    these symbols exactly where their coefficients do: on the training variety. The network
    generalises if the test residuals vanish on every real branch of it.

    Parameters
    ----------
    network, target
        Polynomial maps onto one unit with the same number of inputs. Symbols in activations are
        parameters of the network.
    train, test
        A law, a family (a law with free symbols: all of them at once), or a list of these. A
        univariate law stands for independent copies.
    order
        Highest order at which the training laws are matched.
    test_order
        Highest order of the test; default ``order``.
    seconds
        Time limit. What is undecided then has the verdict None. The residuals are written down
        first, for which two seconds are always allowed.
    engine
        "singular", "sympy", or "auto": Singular where it is installed.
    seed
        Of the search for exact points.

    Returns
    -------
    Analysis
        With ``generalises``, ``fits``, ``branches``, ``failure_conditions`` and ``witness()``. A
        network that cannot fit the training laws does not generalise: ``fits`` is False then.

    Raises
    ------
    ShapeError
        If the widths do not fit.
    OrderError
        If a law has too few cumulants.
    NoClosedFormError
        If a map is no polynomial.
    DomainError
        If a symbol is used by the law and by the network, or a residual is no polynomial over
        algebraic numbers.
    TimeLimitError
        If a residual has too many terms to be written down, or the time is up before all are.

    References
    ----------
    .. [1] D. Cox, J. Little, D. O'Shea, *Ideals, Varieties, and Algorithms*, Springer (2015).
    .. [2] M. Marshall, *Positive Polynomials and Sums of Squares*, AMS (2008), section 12.6.

    Examples
    --------
    Gaussians cannot tell the block sum from its mirror image.

    >>> from cumulant_theory import laws, layers, symmetries
    >>> unit = layers.Linear(2, 1, symmetry=symmetries.PermutationInvariant(), name="w")
    >>> report = analyse(unit, layers.BlockSum(2), train=laws.Normal(0, "sigma"),
    ...                  test=laws.Generic(centred=True), order=3, engine="sympy")
    >>> report.generalises, report.failure_conditions[0].value, report.witness().values
    (False, -sqrt(2)*kappa_3, {w: -sqrt(2)/2})
    """
    start = time.monotonic()
    seed = check_seed(seed, "analyse")
    with time_limit(max(seconds, _LEAST)):
        problem = Problem(
            network, target, train, test, order, order if test_order is None else test_order
        )
    finder = BranchFinder(problem, engine, seed, seconds)
    known = {"hypotheses": _hypotheses(problem), "problem": problem, "engine": engine,
             "seconds": seconds, "seed": seed}
    with time_limit(max(seconds - (time.monotonic() - start), _SOON)):
        try:
            return _decided(finder, known)
        except TimeLimitError as error:
            why = f"the training variety is not decomposed: {str(error).split(';')[0]}"
            return Analysis(None, None, why, (), False, **known)


def _decided(finder: BranchFinder, known: dict[str, Any]) -> Analysis:
    problem = finder.problem
    try:
        with time_limit(known["seconds"] / 2):
            components = finder.real()
    except (TimeLimitError, NoClosedFormError) as error:
        why = str(error).split(";")[0]
        return _undecomposed(finder, f"the training variety is not decomposed: {why}", known)
    branches = numbered([b for c in components if (b := finder.examined(c)) is not None])
    generalises, fits, reason = _verdict(branches, problem)
    if generalises is None:
        return _numeric(reason, branches, fits, known)
    return Analysis(generalises, fits, reason, branches, True, **known)


def _undecomposed(finder: BranchFinder, reason: str, known: dict[str, Any]) -> Analysis:
    """What is left where the branches are not known: an exact witness found by trial."""
    try:
        with time_limit(known["seconds"] / 4):
            witness = finder.searched()
    except TimeLimitError:
        witness = None
    if witness is None:
        return _numeric(reason, (), None, known)
    found = f"a witness fits the training laws and fails on a test law, though {reason}"
    return Analysis(False, True, found, (), True, _found=witness, **known)


def _numeric(
    reason: str, branches: tuple[Branch, ...], fits: bool | None, known: dict[str, Any]
) -> Analysis:
    """The verdict by a certified numeric point, or None with what the search saw."""
    problem = known["problem"]
    share = {k: known[k] for k in ("engine", "seed", "seconds")}
    if branches and all(b.generalises for b in branches):
        if not certified_search(problem, **share).points:
            return Analysis(None, fits, reason, branches, False, **known)
        return Analysis(True, True, (
            f"the test residuals to order {problem.test_order} vanish on every real branch of the "
            "training variety, and a certified numeric point fits the training laws"
        ), branches, False, **known)
    witness, search = certified_witness(problem, **share)
    if witness is not None:
        return Analysis(False, True, (
            "by a certified numeric point some parameters fit the training laws and fail on a test "
            f"law, though {reason}"
        ), branches, False, certified=witness, **known)
    if search.no_real_zero:
        return Analysis(False, False, (
            f"no real parameters fit the training laws to order {problem.order}"
        ), (), True, **known)
    return Analysis(
        None, fits, f"{reason}; no failing parameters were certified: {search}", branches, False,
        **known,
    )


def _verdict(
    branches: Sequence[Branch], problem: Problem
) -> tuple[bool | None, bool | None, str]:
    """Verdict, whether the network fits, and the reason."""
    fits = any(b.realised for b in branches) or (None if branches else False)
    failing = [t for b in branches for t in b.tests if t.vanishes is False]
    if failing:
        t = failing[0]
        number = next(k for k, tested in enumerate(problem.test, 1) if tested.law is t.law)
        where = f" on test law {number}" if len(problem.test) > 1 else ""
        return False, fits, (
            f"on branch {t.branch} the test residual of order {t.order}{where} does not vanish"
        )
    if fits is False:
        return False, False, (
            f"no real parameters fit the training laws to order {problem.order}"
        )
    open_branches = [b for b in branches if b.generalises is None]
    if open_branches:
        numbers = ", ".join(str(b.number) for b in open_branches)
        return None, fits, (
            f"within the time limit no parameters were found that fail on branch {numbers}, nor a "
            "proof that there are none"
        )
    if fits is None:
        return None, None, (
            "the test residuals vanish on every branch, but within the time limit no real "
            "parameters were found that fit the training laws"
        )
    return True, True, (
        f"the test residuals to order {problem.test_order} vanish on every real branch of the "
        "training variety"
    )


def _hypotheses(problem: Problem) -> tuple[str, ...]:
    found = ["the parameters range over all real numbers", *problem.network.hypotheses]
    laws = (*problem.train, *problem.test)
    for law in laws:
        own = independence(law.source)
        shared = all(independence(other.source) == own for other in laws)
        found += own if shared else [f"{h} ({in_words(law.law)})" for h in own]
        found += law.source.hypotheses
    symbols = dict.fromkeys(s for law in problem.train for s in law.symbols)
    if symbols:
        names = ", ".join(map(str, symbols))
        found.append(
            f"the training laws are matched for all admissible values of {names}, which are "
            "Zariski dense: a polynomial that vanishes at all of them is zero"
        )
    return tuple(dict.fromkeys(found))
