"""The exact engine and diagrams, with arguments that are right."""

from fractions import Fraction
from itertools import islice

import numpy as np
import sympy as sp
from fuzz_targets import target

from cumulant_theory import (
    Diagrams,
    activations,
    algebra,
    diagrams,
    laws,
    oracle,
    orbits,
    special,
)

# ------------------------------------------------------------------ exact engine


target("algebra.exact", algebra.exact, None, value=[2, "x"], what=["value"])
target("algebra.substitution", algebra.substitution, None, values=[{"a": 1}])
target("algebra.cumulant_formula", algebra.cumulant_formula, None, order=[3])
target("algebra.moment_formula", algebra.moment_formula, None, order=[3])
target("algebra.real_roots", algebra.real_roots, None, coefficients=[[1, 0, -2]], bits=[64])
target("diagrams.rule", diagrams.rule, lambda r: [r.pattern], pattern=[(1, 1)],
       closure=[None, Diagrams(2)], degree=[None, 2])
target("diagrams.table", diagrams.table, None, pattern=[(1, 1)], closure=[Diagrams(2)],
       degree=[None, 2])
target("diagrams.connected", lambda **k: list(diagrams.connected(**k)), None, units=[2],
       budget=[2], largest_block=[None, 3], degrees=[None])
target("diagrams.patterns", diagrams.patterns, None, order=[2], closure=[None])
target("diagrams.power_formula", diagrams.power_formula, None, pattern=[(2, 1)])
target("diagrams.first_neglected", diagrams.first_neglected, None, pattern=[(1, 1)],
       closure=[Diagrams(2)], degree=[None], units=[None])
target("diagrams.pair_cumulant", diagrams.pair_cumulant, None,
       activations=[(activations.ReLU(), activations.ReLU())], powers=[(1, 1)], means=[(0, 0)],
       variances=[(1, 1)], covariance=[Fraction(1, 2), "c"])
target("diagrams.cost", diagrams.cost, None, v=[(2, 1)])
target("diagrams.mehler_equations", diagrams.mehler_equations, None, pattern=[(1, 1)],
       source=["z"], target=["y"])
target("diagrams.wick_equations", diagrams.wick_equations, None, activation=[activations.ReLU()],
       source=["z"], target=["y"])
target("PatternRule.equations", diagrams.rule((1, 1), Diagrams(2)).equations, None, source=["z"],
       target=["y"])
target("Diagram.kept", diagrams.connected(2, 2)[0].kept, None, closure=[Diagrams(2)])


# ------------------------------------------------------------------ combinatorics


def some(found):
    """The first few of what may be many."""
    return list(islice(iter(found), 50))


_numbers = {"x": [[1, 2, 3], sp.symbols("x1:4")]}
target("algebra.partial_bell", algebra.partial_bell, None, n=[3], k=[2], **_numbers)
target("algebra.complete_bell", algebra.complete_bell, None, n=[3], **_numbers)
target("algebra.integer_partitions", algebra.integer_partitions, None, n=[5])
target("algebra.set_partitions", algebra.set_partitions, some, 5.0, True, items=["abc", [1, 2, 3]])
target("algebra.set_partitions_connected_with", algebra.set_partitions_connected_with, None,
       groups=[[0, 0, 1]])
target("algebra.vector_partitions", algebra.vector_partitions, None, alpha=[(1, 1)])
target("algebra.partition_count", algebra.partition_count, None, order=[3], colours=[2],
       channels=[1])
target("algebra.multi_indices", algebra.multi_indices, None, dim=[2], order=[2])
target("algebra.from_indices", algebra.from_indices, None, indices=[(0, 2, 0)], dim=[3])
# arrays go through as they are, what is not finite in them too
target("algebra.moments_from_cumulants", algebra.moments_from_cumulants, None, 5.0, True,
       kappa=[[1, 1, 1], sp.symbols("k1:4")])
target("algebra.cumulants_from_moments", algebra.cumulants_from_moments, None, 5.0, True,
       moments=[[1, 2, 5], sp.symbols("m1:4")])
for _function in (algebra.moments_from_cumulants, algebra.cumulants_from_moments):
    target(f"algebra.{_function.__name__} (numbers)", lambda a, b, f=_function: [
        str(x) if isinstance(x, np.ndarray) else x for x in f([a, b])], None, a=[1, 0.5],
        b=[2, 0.25])
target("algebra.joint_cumulant_by_partitions", algebra.joint_cumulant_by_partitions, None,
       expectation=[lambda labels: len(labels)], variables=[[0, 0, 1]])
_a, _b = sp.symbols("a b")
target("algebra.factored", algebra.factored, None, value=[_a**2 - _b**2, sp.sqrt(2) * _a])


# ------------------------------------------------------------------ finite laws, orbits, functions


_coin = oracle.FiniteLaw([(-1,), (1,)], [Fraction(1, 2)] * 2)
target("FiniteLaw.moment", _coin.moment, None, alpha=[(2,)])
target("FiniteLaw.cumulant", _coin.cumulant, None, alpha=[(4,), (8,)])
target("FiniteLaw.times", _coin.times, None, other=[_coin])
target("FiniteLaw.push", _coin.push, None, f=[lambda x: [x[0] ** 2]])
target("oracle.enumerated", oracle.enumerated, None, law=[laws.Rademacher().iid(2)],
       numbers=[None])
_cyclic = orbits.Orbits(3, [(1, 2, 0)])
target("orbits.Orbits", orbits.Orbits, lambda o: [o.is_trivial], dim=[3],
       generators=[(), [(1, 2, 0)]], name=["", "rotations"], order=[2])
target("Orbits.orbit", _cyclic.orbit, None, alpha=[(0, 1, 0)])
target("Orbits.representatives", _cyclic.representatives, None, order=[2])
target("Orbits.counts", _cyclic.counts, None, order=[None, 2])
target("orbits.kept", orbits.kept, None, generators=[[(1, 2, 0)]], keeps=[lambda p: p[0] == 0])
target("orbits.on_channels", orbits.on_channels, None, p=[(1, 0)], channels=[2])
target("orbits.symmetric_group", orbits.symmetric_group, None, n=[3])
for _function in (special.NormalPDF, special.NormalCDF):
    target(f"special.{_function.__name__}", lambda x, f=_function: f(x), None,
           x=[0, _a, sp.Rational(1, 2)])


def partial_moment(k, a):
    """Infinite where the argument is."""
    found = special.NormalPartialMoment(k, a)
    return str(found) if found is sp.oo and sp.sympify(a) is sp.oo else found


target("special.NormalPartialMoment", partial_moment, None, k=[2], a=[0, _a])
target("special.OwenT", lambda h, a: special.OwenT(h, a), None, h=[1, _a], a=[1, _b])
target("special.hermite", special.hermite, None, n=[3], x=[_a, 2])
target("special.pdf_derivative", special.pdf_derivative, None, n=[2], x=[_a, 0])
