"""Laws, symmetries, activations, closures and texts of them, with arguments that are right."""

from fractions import Fraction

import sympy as sp
from fuzz_judge import WrongError
from fuzz_targets import target

from cumulant_theory import activations, closures, laws, symmetries
from cumulant_theory.layers import graphs
from cumulant_theory.parsing import (
    as_number,
    parse_activation,
    parse_closure,
    parse_law,
    parse_number,
    parse_symmetry,
)

# ------------------------------------------------------------------ laws


def probe_law(law):
    """Cumulants, moments, copies and everything shown."""
    top = law.max_order
    low = 2 if top is None else min(2, top)
    if isinstance(law, laws.Law):
        values = [law.cumulant(r) for r in range(1, low + 1)]
        moments = [law.moment(r) for r in range(low + 1)]
        if not all(isinstance(v, sp.Expr) for v in values + moments):
            raise WrongError("a cumulant is no expression")
        pair = law.iid(2)
        if pair.dim != 2 or (low and pair.cumulant((1, 1)) != 0):
            raise WrongError("two copies are dependent")
    else:
        small = isinstance(law.dim, int) and law.dim < 50
        values = [law.cumulant((1,) + (0,) * (law.dim - 1))] if low and small else []
    return [values, law.hypotheses, law.label, law.latex, law == law, hash(law), law.is_symmetric
            if isinstance(law, laws.Law) else None]


target("laws.Normal", laws.Normal, probe_law, loc=[0], scale=[1, "s"])
target("laws.Uniform", laws.Uniform, probe_law, low=[0], high=[1, "h"])
target("laws.Laplace", laws.Laplace, probe_law, loc=[0], scale=[1])
target("laws.Logistic", laws.Logistic, probe_law, loc=[0], scale=[1])
target("laws.Exponential", laws.Exponential, probe_law, rate=[1])
target("laws.Gamma", laws.Gamma, probe_law, concentration=[2], rate=[1])
target("laws.Poisson", laws.Poisson, probe_law, rate=[1])
target("laws.Bernoulli", laws.Bernoulli, probe_law, probs=[Fraction(1, 3)])
target("laws.Rademacher", laws.Rademacher, probe_law)
target("laws.StudentT", laws.StudentT, probe_law, df=[5, "nu"], loc=[0], scale=[1])
target("laws.Discrete", laws.Discrete, probe_law, points=[[0, 1]],
       probs=[None, [Fraction(1, 3), Fraction(2, 3)]])
target("laws.CumulantSequence", laws.CumulantSequence, probe_law, values=[[0, 1, 0, 3]])
target("laws.Generic", laws.Generic, probe_law, name=["kappa"], centred=[False, True],
       symmetric=[False], standardised=[False], values=[(), {3: 1}])
target("laws.Mixture", laws.Mixture, probe_law, weights=[[Fraction(1, 2), Fraction(1, 2)]],
       components=[[laws.Normal(0, 1), laws.Normal(1, 1)]])
target("laws.Empirical", laws.Empirical, probe_law, data=[[1, 2, 4], [[1, 2], [0, 1]]],
       weights=[None])
target("laws.MultivariateNormal", laws.MultivariateNormal, probe_law, mean=[[0, 0]],
       cov=[[[1, 0], [0, 1]]])
target("laws.DiscreteJoint", laws.DiscreteJoint, probe_law, points=[[[0, 1], [1, 0]]],
       probs=[None])
target("laws.Product", laws.Product, probe_law, laws=[[laws.Normal(0, 1), laws.Poisson(1)]])
target("laws.IID", laws.IID, probe_law, law=[laws.Normal(0, 1)], n=[2, "n"])
target("laws.get", laws.get, None, name=["normal"])
target("laws.catalogue", laws.catalogue, None, kind=[laws.Law])
for _law in (laws.Normal(0, "s"), laws.Generic(), laws.StudentT(5), laws.Discrete([0, "a"])):
    _name = type(_law).__name__
    target(f"{_name}.cumulant", _law.cumulant, None, r=[3])
    target(f"{_name}.moment", _law.moment, None, r=[3])
    target(f"{_name}.iid", _law.iid, probe_law, n=[2])
    target(f"{_name}.subs", _law.subs, probe_law, mapping=[{"s": 2}, {"kappa_3": 1}, {"a": 2}])
    target(f"{_name}.symbols_to", _law.symbols_to, None, order=[2])
    target(f"{_name}.hypotheses_to", _law.hypotheses_to, None, order=[2])
target("IID.hypotheses_to", laws.Normal(0, "s").iid(2).hypotheses_to, None, order=[2])
target("Product.hypotheses_to", laws.Product([laws.Normal(0, "s")]).hypotheses_to, None, order=[2])
target("Mixture.hypotheses_to", laws.Mixture([1], [laws.Generic()]).hypotheses_to, None, order=[2])
target("Empirical.marginal", laws.Empirical([[1, 2], [0, 1]]).marginal, probe_law, unit=[1])
for _joint in (laws.Generic().iid(2), laws.MultivariateNormal([0, 0], [[1, 0], [0, "v"]]),
               laws.DiscreteJoint([[0, 1], [1, 0]])):
    _name = type(_joint).__name__
    target(f"{_name}.cumulant", _joint.cumulant, None, alpha=[(1, 1)])
    target(f"{_name}.moment", _joint.moment, None, alpha=[(1, 1)])
    target(f"{_name}.subs", _joint.subs, probe_law, mapping=[{"v": 2}])
    target(f"{_name}.joint", lambda i, j, law=_joint: law.joint(i, j), None, i=[0], j=[1])


# ------------------------------------------------------------------ symmetries, activations


def probe_symmetry(symmetry):
    """A tied layer of the smallest width that fits."""
    for n in (1, 2, 3, 4):
        try:
            tying = symmetry.tie(n, n)
        except symmetries.base.SymmetryError:
            continue
        if tying.matrix().shape != (n, n):
            raise WrongError("the tied matrix has another shape")
        return [tying, tying.dimension, tying.projector()]
    return []


target("symmetries.Free", symmetries.Free, probe_symmetry)
target("symmetries.Shared", symmetries.Shared, probe_symmetry)
target("symmetries.SignFlip", symmetries.SignFlip, probe_symmetry)
target("symmetries.SO2", symmetries.SO2, probe_symmetry)
for _cls in (symmetries.Alternating, symmetries.Cyclic, symmetries.Dihedral, symmetries.Reflection,
             symmetries.PermutationEquivariant, symmetries.PermutationInvariant):
    target(f"symmetries.{_cls.__name__}", _cls, probe_symmetry, degree=[None, 3])
target("symmetries.Orthogonal", symmetries.Orthogonal, probe_symmetry, n=[None, 2])
target("symmetries.BlockPermutation", symmetries.BlockPermutation, probe_symmetry, blocks=[2],
       size=[2], output=[None])
target("symmetries.GraphAutomorphism", symmetries.GraphAutomorphism, probe_symmetry,
       graph=[graphs.complete(3)], generators=[None])
target("symmetries.Permutations", symmetries.Permutations, probe_symmetry,
       out_generators=[((1, 0),)], in_generators=[((1, 0),)], group=["G"])
target("symmetries.SignedPermutations", symmetries.SignedPermutations, probe_symmetry,
       out_generators=[(((1, 0), (1, -1)),)], in_generators=[(((1, 0), (1, -1)),)], group=["G"])
target("symmetries.MatrixGroup", symmetries.MatrixGroup, probe_symmetry,
       out_generators=[([[0, 1], [1, 0]],)], in_generators=[([[0, 1], [1, 0]],)], group=["G"])
target("symmetries.LieAlgebra", symmetries.LieAlgebra, probe_symmetry,
       out_generators=[([[0, -1], [1, 0]],)], in_generators=[([[0, -1], [1, 0]],)], group=["G"])
target("symmetries.get", symmetries.get, None, name=["cyclic"])
for _symmetry in (symmetries.Cyclic(), symmetries.Free(), symmetries.BlockPermutation(2, 2)):
    target(f"{type(_symmetry).__name__}.tie", _symmetry.tie, None, out_features=[4, 2],
           in_features=[4, 2])
_tying = symmetries.PermutationEquivariant().tie(2, 2)
target("Tying.symbols", _tying.symbols, None, name=["W"])
target("Tying.bias_symbols", _tying.bias_symbols, None, name=["c"])
target("Tying.matrix", _tying.matrix, None, name=["W"])
target("Tying.bias", _tying.bias, None, name=["c"])
target("Tying.project", _tying.project, None, W=[[[1, 2], [3, 4]]])
target("Tying.project_bias", _tying.project_bias, None, c=[[1, 2]])
target("Tying.breaking_distance", _tying.breaking_distance, None, W=[[[1, 2], [3, 4]]])
target("Tying.is_equivariant", _tying.is_equivariant, None, W=[[[1, 2], [2, 1]]], bias=[None])
target("Tying.coefficients", _tying.coefficients, None, W=[[[1, 2], [2, 1]]])
target("Tying.burnside_count", _tying.burnside_count, None, limit=[100])


def probe_activation(activation):
    """The expression, and a Wick coefficient."""
    z = sp.Symbol("z")
    coefficient = activation.wick(1, 1, sp.Symbol("m"), sp.Symbol("v", positive=True))
    return [activation.expr(z), activation.parameters, coefficient, coefficient.expr]


for _name in ("GELU", "Abs", "Cos", "Cube", "Erf", "Exp", "HardTanh", "Identity", "ReLU", "SiLU",
              "Sigmoid", "Sign", "Sin", "Softplus", "Square", "Step", "Tanh"):
    target(f"activations.{_name}", getattr(activations, _name), probe_activation)
    _plain = getattr(activations, _name)()
    for _method in sorted({"expr", "pieces"} & vars(type(_plain)).keys()):
        target(f"{_name}.{_method}", getattr(_plain, _method), None, z=[sp.Symbol("z"), 1])
target("activations.Cubic", activations.Cubic, probe_activation, alpha=[None, "a"])
target("activations.Quadratic", activations.Quadratic, probe_activation, alpha=[None, "a"])
target("activations.Quartic", activations.Quartic, probe_activation, alpha=[None, 2])
target("activations.LeakyReLU", activations.LeakyReLU, probe_activation,
       negative_slope=[Fraction(1, 100)])
target("activations.Polynomial", activations.Polynomial, probe_activation,
       coefficients=[[0, 1, "a"]])
target("activations.Custom", activations.Custom, probe_activation,
       expression=[sp.sin(sp.Symbol("z")), sp.Symbol("z") ** 2], z=[None, sp.Symbol("z")])
target("activations.get", activations.get, None, name=["relu"])
target("activations.recognise", activations.recognise, None, expr=[sp.sin(sp.Symbol("z"))],
       z=[sp.Symbol("z")])
for _activation in (activations.ReLU(), activations.Quadratic("a"), activations.Erf(),
                    activations.Tanh(), activations.Sin(), activations.SiLU()):
    target(f"{type(_activation).__name__}.wick", _activation.wick, None, m=[1], p=[1],
           mean=[0, "m"], variance=[1, "v"])
_cubic = activations.Cubic("a")
_shrink = activations.Custom(sp.sin(sp.Symbol("a") * sp.Symbol("z")), "z")
target("Polynomial.expr", _cubic.expr, None, z=[sp.Symbol("z"), 1])
target("Activation.pieces", activations.Tanh().pieces, None, z=[sp.Symbol("z")])
for _name, _activation in (("Cubic", _cubic), ("Custom", _shrink)):
    target(f"{_name}.numbered", _activation.numbered, probe_activation, layer=[1])
    target(f"{_name}.subs", _activation.subs, probe_activation, images=[{"a": 2}, {"a": "b"}])
    target(f"{_name}.__call__", _activation.__call__, None, z=[sp.Symbol("z"), 1])
target("Custom.expr", _shrink.expr, None, z=[sp.Symbol("x")])
target("Custom.pieces", _shrink.pieces, None, z=[sp.Symbol("x")])
target("LeakyReLU.expr", activations.LeakyReLU("a").expr, None, z=[sp.Symbol("x")])
target("LeakyReLU.pieces", activations.LeakyReLU("a").pieces, None, z=[sp.Symbol("x")])
for _waves in (activations.Cos(), activations.Sin()):
    target(f"{type(_waves).__name__}.harmonics", _waves.harmonics, None, p=[3])
target("WickCoefficient.evalf", activations.Tanh().wick(1, 1, 0, 1).evalf, None, digits=[15])
target("closures.Neglect", closures.Neglect, None, order=[2], cost=[None])
target("closures.Diagrams", closures.Diagrams, None, order=[3])
target("closures.as_closure", closures.as_closure, None, value=[None])


# ------------------------------------------------------------------ text


target("parsing.parse_number", parse_number, None, text=["1/2", "sqrt(2)*a"])
target("parsing.parse_law", parse_law, probe_law,
       text=["normal(0, 1)", "mixture([1/2, 1/2], [normal(), laplace()])"])
target("parsing.parse_activation", parse_activation, probe_activation, text=["quadratic(a)"])
target("parsing.parse_symmetry", parse_symmetry, probe_symmetry, text=["block_permutation(2, 2)"])
target("parsing.parse_closure", parse_closure, None, text=["diagrams:3"])
target("parsing.as_number", as_number, None, value=["1/2", 2, sp.sqrt(2)], what=["value"])
