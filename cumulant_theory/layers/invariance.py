"""Permutations of the units that leave the joint law of a state as it is."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..algebra import Ring, multi_indices
from ..cumulants import JointCumulants, cumulant_symbol
from ..derivation import Check, Equation, Step
from ..errors import VerificationError
from ..latex import symbol_tex
from ..latex.html import Record
from ..orbits import Orbits, Permutation, kept, moved

_SUBGROUP = "a subgroup of the "


@dataclass(frozen=True)
class Invariance(Record):
    """Permutations of the units of a state, by the name of the group they come from.

    Attributes
    ----------
    dim
        Number of units.
    named
        Pairs of a name, such as ``automorphisms of cycle(4)``, and permutations.
    """

    dim: int
    named: tuple[tuple[str, tuple[Permutation, ...]], ...] = ()

    @property
    def generators(self) -> list[Permutation]:
        """All permutations, each once."""
        return list(dict.fromkeys(p for _, permutations in self.named for p in permutations))

    def restricted(self, keeps: Callable[[Permutation], bool]) -> "Invariance":
        """The subgroup that keeps something, as far as :func:`kept` finds it."""
        generators = self.generators
        if not generators:
            return self
        known: dict[Permutation, bool] = {}

        def test(p: Permutation) -> bool:
            if p not in known:
                known[p] = keeps(p)
            return known[p]

        whole = [(name, ps) for name, ps in self.named if all(map(test, ps))]
        known_whole = dict.fromkeys(p for _, ps in whole for p in ps)
        rest = [p for p in kept([*known_whole, *generators], test) if p not in known_whole]
        if not rest:
            return Invariance(self.dim, tuple(whole))
        broken = " and ".join(
            name.removeprefix(_SUBGROUP) for name, ps in self.named if (name, ps) not in whole
        )
        return Invariance(self.dim, (*whole, (_SUBGROUP + broken, tuple(rest))))

    def pushed(self, rule: Any) -> "Invariance":
        """What is left of it after a rule, acting on the outputs of the rule."""
        images: dict[Permutation, Permutation] = {}

        def keeps(p: Permutation) -> bool:
            image = rule.push(p)
            if image is not None:
                images[p] = image
            return image is not None

        identity = tuple(range(rule.out_units))
        rest = self.restricted(keeps).named
        named = [(name, tuple(dict.fromkeys(images[p] for p in perms))) for name, perms in rest]
        return Invariance(
            rule.out_units, tuple((name, perms) for name, perms in named if set(perms) - {identity})
        )

    def orbits(self, order: int) -> Orbits:
        """The orbits of multi-indices up to an order."""
        return Orbits(
            self.dim, self.generators, " and ".join(dict.fromkeys(n for n, _ in self.named)), order
        )


def input_invariance(layers: Sequence[Any], state: JointCumulants) -> Invariance:
    """The permutations that the layers propose, as far as the input law keeps them."""
    named: dict[str, tuple[Permutation, ...]] = {}
    identity = tuple(range(state.dim))
    for layer in layers:
        proposed = [
            tuple(p) for p in layer.input_permutations(state.dim)
            if len(p) == state.dim and tuple(p) != identity
        ]
        if proposed:
            name = layer.permutations_name
            named[name] = tuple(dict.fromkeys((*named.get(name, ()), *proposed)))
    if not named:
        return Invariance(state.dim)
    values = {
        alpha: state.element(alpha) for block in state.blocks
        for alpha in _on_block(state.dim, block, state.order)
    }
    return Invariance(state.dim, tuple(named.items())).restricted(
        lambda p: all(
            values.get(moved(alpha, p), state.ring.zero) == v for alpha, v in values.items()
        )
    )


def _on_block(dim: int, block: Sequence[int], order: int) -> Iterator[tuple[int, ...]]:
    for r in range(1, order + 1):
        for local in multi_indices(len(block), r):
            alpha = [0] * dim
            for i, a in zip(block, local, strict=True):
                alpha[i] = a
            yield tuple(alpha)


# ---------------------------------------------------------------------------- in derivations


def symmetry_step(
    states: Sequence[JointCumulants], plain: Callable[[], Sequence[JointCumulants]],
    uses: tuple[int, ...],
) -> Step | None:
    """That one cumulant per orbit is computed, and of which group; None without a symmetry.

    Parameters
    ----------
    states
        Those after each rule, as they were propagated.
    plain
        Makes the same states without orbits, to check against.
    """
    folded = [(k, s) for k, s in enumerate(states) if not s.orbits.is_trivial]
    if not folded:
        return None
    groups = "; ".join(dict.fromkeys(s.orbits.name for _, s in folded))
    counted = [
        f" Of ${symbol_tex(s.state)}$ they are {_listed(k for k, _ in counts.values())} instead of "
        f"{_listed(n for _, n in counts.values())}, of order{'s' if len(counts) > 1 else ''} "
        f"{_listed(counts)}."
        for _, s in folded if s.orbits.is_small and (counts := s.orbits.counts())
    ]
    return Step(
        rule="orbits of multi-indices",
        text=f"Law and weights are invariant under the {groups.removeprefix('the ')}, so only one "
        f"cumulant per orbit of multi-indices is computed.{''.join(counted)}",
        statement=tuple(e for _, s in folded for e in _equalities(s)),
        check=_orbit_check(folded, plain), reference="mccullagh", uses=uses,
        hypotheses=(f"the input law is invariant under the {groups.removeprefix('the ')}",),
    )


def _listed(numbers: Iterable[int]) -> str:
    *first, last = map(str, numbers)
    return f"{', '.join(first)} and {last}" if first else last


def _equalities(state: JointCumulants, most: int = 3) -> list[Equation]:
    """Some cumulants of orders 1 and 2 that are equal."""
    found = []
    for order in range(1, min(state.order, 2) + 1) if state.orbits.is_small else ():
        sizes = state.orbits.representatives(order)
        for alpha in [a for a, size in sizes.items() if size > 1][:most]:
            other = min(state.orbits.orbit(alpha))
            found.append(Equation(
                cumulant_symbol(other, state.state), cumulant_symbol(alpha, state.state), order
            ))
    return found


def _orbit_check(
    folded: Sequence[tuple[int, JointCumulants]], plain: Callable[[], Sequence[JointCumulants]]
) -> Check:
    """Both sides, and a random pair of the highest order up to 3, computed without orbits."""
    def check(step: Step, rng: random.Random) -> None:
        unfolded = plain()
        for k, state in folded:
            named = {
                cumulant_symbol(alpha, state.state): alpha
                for r in (1, 2) if r <= state.order for alpha in multi_indices(state.dim, r)
            }
            for e in step.statement:
                if e.lhs in named:
                    values = {
                        s: unfolded[k].cumulant(named[s]) for s in e.rhs.free_symbols if s in named
                    }
                    _require_equal(unfolded[k].cumulant(named[e.lhs]), e.rhs.subs(values), e.lhs)
            alpha = rng.choice(multi_indices(state.dim, min(state.order, 3)))
            beta = moved(alpha, rng.choice(state.orbits.generators))
            _require_equal(
                unfolded[k].cumulant(alpha), unfolded[k].cumulant(beta),
                cumulant_symbol(alpha, state.state),
            )

    return check


def _require_equal(left: Any, right: Any, what: Any) -> None:
    ring = Ring.of([left, right])
    if ring.reduce(ring.element(left) - ring.element(right)) != 0:
        raise VerificationError(
            f"{what} differs from another cumulant of its orbit when both are computed on their own"
        )
