"""Rings, multi-indices, finite laws and rules, with arguments that are right."""

import random
from fractions import Fraction
from itertools import islice

import sympy as sp
from fuzz_judge import WrongError
from fuzz_targets import target

from cumulant_theory import (
    Diagrams,
    activations,
    algebra,
    derivation,
    diagrams,
    latex,
    layers,
    oracle,
    orbits,
    parsing,
    references,
)
from cumulant_theory.closures import Exact
from cumulant_theory.symbolic_width import families

HALF = Fraction(1, 2)
_a, _b = sp.symbols("a b")


# ------------------------------------------------------------------ multi-indices


target("algebra.order_of", algebra.order_of, None, alpha=[(2, 1), ()])
target("algebra.factorial", algebra.factorial, None, alpha=[(2, 1), ()])
target("algebra.binomial", algebra.binomial, None, alpha=[(2, 3)], beta=[(1, 1)])
target("algebra.sub_indices", lambda alpha: list(islice(algebra.sub_indices(alpha), 50)), None,
       alpha=[(2, 1)])
target("algebra.to_indices", algebra.to_indices, None, alpha=[(2, 0, 1)])
target("algebra.symbols_in", lambda expressions, without: algebra.symbols_in(
    expressions, without=without), None, expressions=[_a * _b], without=[(), [_a]])
target("orbits.moved", orbits.moved, None, alpha=[(2, 1, 0)], p=[(1, 2, 0)])
for _name, _generators in (("trivial", ()), ("cyclic", [(1, 2, 0)])):
    target(f"Orbits.canonical ({_name})", orbits.Orbits(3, _generators).canonical, None,
           alpha=[(0, 1, 0)])
for _name in ("joint_cumulants", "joint_moments"):
    _given = {"joint_cumulants": "moment", "joint_moments": "cumulant"}[_name]
    target(f"algebra.{_name}", getattr(algebra, _name), lambda f: [f((1, 1))],
           **{_given: [lambda alpha: sum(alpha), lambda alpha: _a]})
    for _call in ((1, 1), (2, 0)):
        target(f"algebra.{_name} {_call}", getattr(algebra, _name)(lambda alpha: HALF), None,
               alpha=[_call])
target("algebra.joint_moments (one)", algebra.joint_moments, lambda f: [f((0, 0)), f((1, 1))],
       5.0, True,  # an array as the unit goes through as it is
       cumulant=[lambda alpha: sum(alpha)], one=[1, sp.S.One], canonical=[lambda alpha: alpha])
target("diagrams.power_moments", diagrams.power_moments, lambda f: [f((2, 1))], 5.0, True,
       power=[lambda q: sum(q)], one=[1])


# ------------------------------------------------------------------ rings


RING = algebra.Ring([_a, sp.sqrt(2), 1 / _b])
ELEMENT = RING.element(_a**2 / _b + sp.sqrt(2))
ROOTS = {_a: HALF, sp.sqrt(2): HALF, 1 / _b: HALF}
target("algebra.Ring", algebra.Ring, lambda r: [r.atoms, r.expr(r.one)], atoms=[[_a, sp.sqrt(2)]])
target("Ring.of", algebra.Ring.of, lambda r: [r.atoms], expressions=[[_a / 2, sp.sqrt(2), 1]])
target("Ring.element", lambda expression: RING.expr(RING.element(expression)), None,
       expression=[_a + 1, 3])
for _name in ("expr", "terms"):
    target(f"Ring.{_name}", getattr(RING, _name), None, element=[ELEMENT])
for _name in ("check", "factors", "reduce", "rows"):
    target(f"Ring.{_name}", lambda element, n=_name: repr(getattr(RING, n)(element)), None,
           element=[ELEMENT])
target("Ring.total", lambda elements: RING.expr(RING.total(elements)), None,
       elements=[[ELEMENT, ELEMENT]])
target("Ring.evaluate", RING.evaluate, None, element=[ELEMENT], point=[ROOTS])
target("Ring.compose", lambda **k: RING.expr(RING.compose(**k)), None, element=[ELEMENT],
       images=[{_a: RING.one}, {}], target=[RING])
target("algebra.Polynomial", algebra.Polynomial, lambda p: [p.expr, p.terms, p.atoms, len(p)],
       ring=[RING], element=[ELEMENT])
target("Polynomial.of", algebra.Polynomial.of, lambda p: [p.expr, p.terms, p.atoms],
       expression=[_a / 2 + 1])
target("Polynomial.evaluate", algebra.Polynomial(RING, ELEMENT).evaluate, None, point=[ROOTS])
target("algebra.sum_of_products", lambda terms: algebra.sum_of_products(terms), None,
       terms=[[(sp.S.Half, (_a, _b))]])


# ------------------------------------------------------------------ finite laws


def probe_finite(law):
    """A moment and a cumulant."""
    if law.dim > 6:
        return []
    ones = (1,) * law.dim
    return [law.moment(ones), law.cumulant(ones), law.cumulant((2, *ones[1:]))]


_coin = oracle.FiniteLaw([(-1,), (1,)], [HALF] * 2)
target("oracle.FiniteLaw", oracle.FiniteLaw, probe_finite,
       points=[[(-1, 0), (1, 2)], [(_a, 1), (1, _b)]], weights=[[HALF, HALF]])
target("FiniteLaw.push (probed)", _coin.push, probe_finite, f=[lambda x: [x[0] ** 2]])
target("FiniteLaw.push_units", _coin.push_units, probe_finite, f=[lambda x: [x[0] ** 2]])
target("oracle.Numbers", oracle.Numbers, lambda n: [n(HALF), n(1)], expressions=[[_a / 2, 1]],
       point=[{_a: HALF}])
for _name, _numbers in (("rational", oracle.Numbers([_a], {_a: HALF})),
                        ("root", oracle.Numbers([_a, sp.sqrt(2)], {_a: HALF}))):
    target(f"Numbers.__call__ ({_name})", lambda value, n=_numbers: n.show(n(value)), None,
           value=[_a, HALF, 2])
    target(f"Numbers.equal ({_name})", _numbers.equal, None, a=[_numbers(_a)], b=[_numbers(HALF)])
    target(f"Numbers.show ({_name})", _numbers.show, None, a=[_numbers(_a)])
target("oracle.random_fraction", lambda rng, size: oracle.random_fraction(
    random.Random(0) if rng is None else rng, size), None, rng=[None], size=[97])
target("oracle.random_finite_law", lambda rng, **k: oracle.random_finite_law(
    random.Random(0) if rng is None else rng, **k), probe_finite, rng=[None], dim=[2],
    numbers=[Fraction], atoms=[3])
target("oracle.random_law_of_blocks", lambda rng, **k: oracle.random_law_of_blocks(
    random.Random(0) if rng is None else rng, **k), probe_finite, rng=[None],
    blocks=[[[0], [1]], [[1, 0]]], identical=[True, False], numbers=[Fraction], atoms=[3])


# ------------------------------------------------------------------ records


target("references.Reference", references.Reference, lambda r: [str(r), r.bibtex("key")],
       kind=["article"], authors=[("A. Author",)], title=["On"], year=[2001], venue=["J. Math."],
       volume=["1"], pages=["1-2"], arxiv=["2001.00001"], place=["section 1"])
target("derivation.Equation", derivation.Equation, lambda e: [str(e.eq)], lhs=[_a], rhs=[_b, 1],
       order=[0, 2])
target("derivation.require_equal", derivation.require_equal, None, left=[_a], right=[_a],
       what=["sum"])
target("latex.split_terms", lambda expr: list(map(str, latex.split_terms(expr))), None,
       expr=[_a + _b**2, 1])
target("parsing.syntax_tree", lambda text: type(parsing.syntax_tree(text)).__name__, None,
       text=["a + 1"])


# ------------------------------------------------------------------ rules, families


def probe_rule(rule):
    """What a chain of rules asks."""
    if rule.in_units > 6:
        return []
    blocks = tuple((i,) for i in range(rule.in_units))
    outputs = rule.forward([sp.S.Half] * rule.in_units, sp.expand) if rule.kind == "affine" else []
    if rule.kind == "affine" and len(outputs) != rule.out_units:
        raise WrongError("the number of outputs is another")
    return [rule.out_blocks(blocks), rule.input_order(2), outputs]


target("layers.AffineRule", layers.AffineRule, probe_rule, weight=[sp.ImmutableMatrix([[1, 2]])],
       shift=[(sp.S.One,)])
target("AffineRule.constant", layers.AffineRule.constant, probe_rule, rows=[[[1, 2]]])
_square = activations.Square()
target("layers.PointwiseRule", layers.PointwiseRule, probe_rule, activations=[(_square, _square)])
target("layers.DiagramRule", layers.DiagramRule, lambda r: [r.out_blocks(((0,), (1,))), r.degrees],
       activations=[(activations.ReLU(), _square)], closure=[Diagrams(2), Exact()], target=["y"],
       order=[2])
for _layer in (layers.Linear(2, 1), layers.Pointwise(_square),
               layers.Residual(layers.Linear(2, 2)), layers.Linear(2, 2) >> layers.Linear(2, 1)):
    _owner = "Layer" if type(_layer).__name__ == "Linear" else type(_layer).__name__
    target(f"{_owner}.width_after", _layer.width_after, None, units=[2])


def probe_family(family):
    """Types and words of them."""
    return [family.word(t) for t in family.types(2)]


_n = sp.Symbol("n")
for _kind in (families.Complete, families.Star, families.Cycle):
    target(f"families.{_kind.__name__}", _kind, probe_family, n=[_n, sp.Integer(4)])
target("families.Cycle (reach)", families.Cycle, probe_family, n=[_n], radius=[0, 1], mixed=[0, 1])
target("families.CompleteBipartite", families.CompleteBipartite, probe_family,
       left=[sp.Symbol("m")], right=[_n])
target("families.RingReadout", families.RingReadout, probe_family, n=[sp.S.One], ring=[3],
       reach=[0, 1])
for _family in (families.complete("n"), families.star("n"), families.cycle("n"),
                families.complete_bipartite("m", "n"), families.RingReadout(sp.S.One)):
    _kind = type(_family).__name__
    target(f"{_kind}.subs", _family.subs, probe_family, images=[{"n": 4}, {_n: 5}])
    target(f"{_kind}.types", _family.types, None, order=[2], channels=[1, 2])
