"""Networks of symbolic width, with arguments that are right."""

from fuzz_targets import target

from cumulant_theory import activations, laws, symbolic_width
from cumulant_theory.symbolic_width import families

# ------------------------------------------------------------------ symbolic width


def probe_wide(layer):
    """A cumulant of the output."""
    family = layer.family if hasattr(layer, "family") else None
    if family is None:
        return []
    channels = getattr(layer, "in_channels", None) or 1
    if channels > 2:
        return []
    out = layer.propagate(symbolic_width.generic(family, channels), 2)
    return [out]


_families = [symbolic_width.star("n"), symbolic_width.complete("n"), symbolic_width.cycle("n")]
for _name in ("complete", "cycle", "star"):
    target(f"symbolic_width.{_name}", getattr(symbolic_width, _name), None, n=["n", 4])
target("symbolic_width.complete_bipartite", symbolic_width.complete_bipartite, None, m=["m"],
       n=["n"])
target("symbolic_width.generic", symbolic_width.generic, None, family=_families, channels=[1],
       state=["x"])
target("symbolic_width.iid", symbolic_width.iid, None, law=[laws.Generic()], family=_families,
       channels=[None, 1])
for _name in ("GCNConv", "SAGEConv"):
    target(f"symbolic_width.{_name}", getattr(symbolic_width, _name), probe_wide,
           family=_families, in_features=[1], out_features=[1], bias=[False])
target("symbolic_width.GINConv", symbolic_width.GINConv, probe_wide, family=_families,
       in_features=[1], out_features=[1], eps=[0], bias=[False])
target("symbolic_width.GraphConv", symbolic_width.GraphConv, probe_wide, family=_families,
       in_features=[1], out_features=[1], aggregation=["sum", "mean"], bias=[False])
target("symbolic_width.InvariantLinear", symbolic_width.InvariantLinear, probe_wide,
       family=_families, weight=[None], bias=[False], in_features=[1], out_features=[1])
target("symbolic_width.Linear", symbolic_width.Linear, probe_wide, n=["n"], diagonal=[None, "d"],
       common=[None, "c"], bias=[False], in_features=[1], out_features=[1])
target("symbolic_width.Mean", symbolic_width.Mean, probe_wide, family=_families, channels=[1])
target("symbolic_width.Sum", symbolic_width.Sum, probe_wide, family=_families, channels=[1])
target("symbolic_width.Readout", symbolic_width.Readout, probe_wide, family=_families,
       kind=["mean"], channels=[1])
target("symbolic_width.Pointwise", symbolic_width.Pointwise, None,
       activation=[activations.Quadratic("a")])
target("symbolic_width.Residual", symbolic_width.Residual, probe_wide,
       inner=[symbolic_width.GCNConv(symbolic_width.complete("n"))])
target("symbolic_width.Sequential",
       lambda a, b, prefix: symbolic_width.Sequential(a, b, prefix=prefix), None,
       a=[symbolic_width.GCNConv(symbolic_width.complete("n"))],
       b=[symbolic_width.Pointwise(activations.Square())], prefix=[""])
target("symbolic_width.types", symbolic_width.types, None, order=[2], family=[None, *_families],
       channels=[1])
target("symbolic_width.type_symbol", symbolic_width.type_symbol, None, kind=[(2,)], state=["x"],
       family=[None], channels=[1])
_wide = (symbolic_width.GCNConv(symbolic_width.complete("n"))
         >> symbolic_width.Pointwise(activations.Square())
         >> symbolic_width.Mean(symbolic_width.complete("n")))
target("wide.propagate", _wide.propagate, None, x=[symbolic_width.generic(
    symbolic_width.complete("n"))], order=[2])
target("Layer.recursion (width)", _wide.recursion, None, order=[2])
target("Layer.system (width)", _wide.system, None, order=[2])
target("GCNConv.equations", _wide.equations, None, order=[2])
target("GCNConv.explicit", _wide.explicit, None, n=[4])
target("GCNConv.subs", _wide.subs, None, values=[{"n": 4}, {"w": 2}])


def wide():
    """A state of alike nodes."""
    family = symbolic_width.complete("n")
    return (symbolic_width.GCNConv(family) >> symbolic_width.Pointwise(
        activations.Square())).propagate(symbolic_width.generic(family), 2)


_law = symbolic_width.generic(symbolic_width.complete("n"))
for _name in ("__getitem__", "polynomial", "symbol"):
    target(f"FamilyCumulants.{_name}", lambda kind, n=_name: getattr(wide(), n)(kind), None,
           kind=[(2,), (1, 1)])
target("FamilyCumulants.type", lambda kind: wide().type(kind), None, kind=[2, "ij"])
target("FamilyCumulants.items", lambda order: list(wide().items(order)), None, order=[None, 2])
target("FamilyCumulants.large_n", lambda order: wide().large_n(order), None, order=[2])
target("FamilyCumulants.explicit", lambda n: wide().explicit(n), None, n=[3])
target("FamilyCumulants.subs", lambda values: wide().subs(values), None,
       values=[{"n": 3}, {"w__1_1": 1}])
target("FamilyLaw.cumulant", _law.cumulant, None, kind=[(2,), (1, 1)])
target("FamilyLaw.type", lambda kind: _law.type(kind), None, kind=[2, "ij"])
target("FamilyLaw.explicit", _law.explicit, None, n=[3])
target("FamilyLaw.values", _law.values, None, order=[2])
target("FamilyLaw.propagated", _law.propagated, lambda k: [k], order=[2])
target("symbolic_width.FamilyLaw", symbolic_width.FamilyLaw, lambda f: [f.cumulant((2,))],
       family=[symbolic_width.complete("n")], cumulant=[lambda kind: 1], channels=[1],
       max_order=[None, 2], hypotheses=[()], state=["x"])
target("families.family_of", families.family_of, None, value=["n", symbolic_width.star("n")],
       what=["family"])
