"""Maps on laws, failures, varieties and parameter symmetries, with arguments that are right."""

import sympy as sp
from fuzz_layers import NET, RELU
from fuzz_targets import target

from cumulant_theory import (
    Neglect,
    activations,
    generalisation,
    laws,
    layers,
    reparametrisations,
    rg,
    symmetries,
    varieties,
)

# ------------------------------------------------------------------ maps, failures, ideals


_unit = layers.Mean(2) >> layers.Pointwise(activations.Quadratic(1))
target("rg.RGMap", rg.RGMap, lambda m: [m.b, m.degree], layer=[layers.BlockSum(2), _unit])
for _name, _layer in (("linear", layers.BlockSum(2)), ("unit", _unit)):
    _map = rg.RGMap(_layer)
    target(f"RGMap.__call__ ({_name})", _map.__call__, lambda k: [k[1]], law=[laws.Normal(0, 1)],
           order=[2], closure=[None])
    target(f"RGMap.recursion ({_name})", _map.recursion, None, order=[2])
    target(f"RGMap.eigenvalues ({_name})", _map.eigenvalues, None, order=[2])
    target(f"RGMap.spectrum ({_name})", _map.spectrum, None, order=[2], closure=[None, Neglect(2)],
           at=[None, {1: 0, 2: 0}])
    target(f"RGMap.fixed_points ({_name})", _map.fixed_points, None, 20.0, order=[2],
           closure=[None, Neglect(2)], seconds=[2])
    target(f"RGMap.flow ({_name})", _map.flow, lambda f: [f[-1]], law=[laws.Exponential(1)],
           steps=[2], order=[2], closure=[None, Neglect(2)], exact_steps=[0, 1])
    target(f"RGMap.truncated ({_name})", _map.truncated, None, closure=[Neglect(2)])
    target(f"RGMap.__matmul__ ({_name})", _map.__matmul__, None,
           other=[rg.RGMap(layers.BlockSum(3))])
target("rg.negentropy", rg.negentropy, None, source=[laws.Laplace(0, 1), {1: 0, 2: 1, 3: 0, 4: 1}],
       next_order=[False])
target("rg.TruncatedMap", rg.TruncatedMap, None, layer=[_unit], closure=[Neglect(2)])
_small = (layers.Linear(2, 1, symmetry=symmetries.Shared(), name="w")
          >> layers.Pointwise(activations.Square()) >> layers.Linear(1, 1, name="v"))
_pair = {"network": [_small, layers.Linear(2, 1)], "target": [layers.BlockSum(2)]}
_class = {"train": [laws.Normal(0, "s")], "test": [laws.Generic(centred=True)]}
target("generalisation.residuals", generalisation.residuals, None, **_pair,
       law=[laws.Generic()], order=[2])
target("generalisation.risk", generalisation.risk, None, **_pair, law=[laws.Generic()])
target("generalisation.risk_gap", generalisation.risk_gap, None, **_pair, **_class)
target("generalisation.cumulant_loss", generalisation.cumulant_loss, None, **_pair,
       law=[laws.Normal(0, 1)], order=[2], weights=[None, [1, 2]])
target("generalisation.gradient", generalisation.gradient, None, loss=[sp.Symbol("w") ** 2],
       network=[_small, [sp.Symbol("w")]])
target("generalisation.stationary_points", generalisation.stationary_points, None, 25.0,
       loss=[(sp.Symbol("w") ** 2 - 1) ** 2], parameters=[[sp.Symbol("w")]], seconds=[1],
       engine=["auto"], radicals=[()])
target("generalisation.gap_at_minimum", generalisation.gap_at_minimum, None, 25.0,
       network=[layers.Linear(2, 1, symmetry=symmetries.Shared())], target=[layers.BlockSum(2)],
       **_class, seconds=[1], engine=["auto"])
target("generalisation.analyse", generalisation.analyse, lambda a: [a.failure_conditions], 25.0,
       network=[layers.Linear(2, 1, symmetry=symmetries.Shared())], target=[layers.BlockSum(2)],
       **_class, order=[2], test_order=[None, 3], seconds=[1], engine=["auto"], seed=[0])
_x, _y = sp.symbols("x y")
_ideal = {"generators": [[_x**2 - _y, _x * _y - 1], [_x**2 - 2]], "variables": [[_x, _y]]}
target("varieties.Ideal", varieties.Ideal, lambda i: [i.groebner(seconds=1)], 20.0, **_ideal,
       seconds=[1], engine=["auto", "sympy"])
target("varieties.find_certified_points", varieties.find_certified_points, None, 20.0, **_ideal,
       avoid=[None], positive=[()], count=[1], seed=[0], seconds=[1])
target("varieties.search_points", varieties.search_points, None, 20.0, **_ideal, avoid=[None],
       positive=[()], count=[1], seed=[0], seconds=[1], starts=[5], engine=["auto"])
target("varieties.real_boxes", varieties.real_boxes, None, 20.0, **_ideal, positive=[()],
       seconds=[1])
target("varieties.rationalised", varieties.rationalised, None, expressions=[[sp.sqrt(2) * _x]],
       prefix=["root"])


def _within(seconds):
    with varieties.time_limit(seconds):
        return 0


target("varieties.time_limit", _within, None, seconds=[1])


def ideal(engine="auto"):
    """Two points."""
    return varieties.Ideal([_x**2 - 2, _x - _y], [_x, _y], seconds=2, engine=engine)


for _name in ("groebner", "minimal_primes", "real_components", "real_points", "real_radical"):
    target(f"Ideal.{_name}", lambda seconds, n=_name: getattr(ideal(), n)(seconds=seconds), None,
           20.0, seconds=[None, 1])
for _name in ("reduce", "contains", "in_radical", "saturate"):
    target(f"Ideal.{_name}", lambda f, n=_name: getattr(ideal(), n)(f, seconds=1), None, 20.0,
           f=[_x, _x**2 - 2])
target("Ideal.add", lambda f: ideal().add(f), lambda i: [i.groebner(seconds=1)], 20.0, f=[_x - 1])
target("Ideal.eliminate", lambda keep: ideal().eliminate(keep, seconds=1), None, 20.0, keep=[[_y]])
target("Ideal.intersect", lambda other: ideal().intersect(other, seconds=1), None, 20.0,
       other=[varieties.Ideal([_x], [_x, _y])])
target("Ideal.is_smooth_at", lambda point: ideal().is_smooth_at(point, seconds=1), None, 20.0,
       point=[varieties.Ideal([_x, _y], [_x, _y])])
target("reparametrisations.parameter_symmetries", reparametrisations.parameter_symmetries, None,
       10.0, network=[NET, RELU], units=[None, 2], fixed=[()], search=[True])
for _name in ("has_real_points", "sample_real_point"):
    target(f"Ideal.{_name}", lambda seconds, n=_name, **k: getattr(ideal(), n)(
        seconds=seconds, **k), None, 20.0, seconds=[None, 1], positive=[(), [_x]])


def certified():
    """The root of two."""
    (found,) = varieties.find_certified_points([_x**2 - 2], [_x], positive=[_x], seconds=2)
    return found


target("CertifiedPoint.decimals", lambda digits: certified().decimals(digits), None, digits=[15])
target("CertifiedPoint.enclose", lambda f: certified().enclose(f), None, f=[_x**2])
target("CertifiedPoint.refine", lambda digits: certified().refine(digits), None, digits=[20])


# ------------------------------------------------------------------ results


_bare = rg.RGMap(layers.BlockSum(2))
target("RGMap.derivation", _bare.derivation, None, order=[2])
target("TruncatedMap.__call__", _bare.truncated(Neglect(2)).__call__, None,
       values=[{1: 0, 2: 1}])
target("TruncatedMap.at", _bare.truncated(Neglect(2)).at, None, values=[{1: 0, 2: 1}])
_flow = _bare.flow(laws.Exponential(1), 2, 4)
target("Flow.__getitem__", _flow.__getitem__, None, step=[0, -1])
target("Flow.negentropy", _flow.negentropy, None, next_order=[False])
_fixed = _bare.fixed_points(2)[0]
target("FixedPoint.__getitem__", _fixed.__getitem__, None, order=[2])
target("FixedPoint.evalf", _fixed.evalf, None, digits=[15])
_spectrum = _bare.spectrum(3)
target("Spectrum.__getitem__", _spectrum.__getitem__, None, order=[2])
target("Spectrum.of_kind", _spectrum.of_kind, None, kind=["relevant"])
for _name in ("left", "right"):
    target(f"Spectrum.{_name}", getattr(_spectrum, _name), None, order=[2])
_moves = reparametrisations.parameter_symmetries(NET, 2)
target("ParameterSymmetries.__getitem__", _moves.__getitem__, None, layer=["1 Linear"])
target("ParameterSymmetries.group", lambda layer: _moves.group(layer), None,
       layer=["1 Linear"])
target("ParameterSymmetries.of_kind", _moves.of_kind, None, kind=["permutation"])
target("ParameterSymmetries.verify", _moves.verify, None, 10.0, seed=[0])
target("Reparametrisation.apply", _moves.generators[0].apply, None,
       values=[dict.fromkeys(NET.parameters, sp.S.One)], at=[None, 2])
