"""What public objects show in a notebook parses as mathematics."""

import re
from collections.abc import Iterator

import pytest
import sympy as sp

from cumulant_theory import Neglect, activations, latex, laws, layers, rg, symmetries

ALIGN = re.compile(r"\\begin\{align\*?\}.*?\\end\{align\*?\}", re.DOTALL)
NETWORKS = {
    "free": layers.Linear(2, 2, bias=True)
    >> layers.Pointwise(activations.Quadratic("alpha"))
    >> layers.Linear(2, 1),
    "invariant": layers.Linear(2, 2, symmetry=symmetries.PermutationInvariant())
    >> layers.Pointwise(activations.Cube())
    >> layers.Linear(2, 1, symmetry=symmetries.Shared()),
    "residual": layers.Residual(layers.Linear(2, 2)) >> layers.Mean(2),
    "sum": layers.Sum(3) >> layers.Pointwise(activations.Square()),
    "block sum": layers.BlockSum(3),
    "wide": layers.Linear(2, 11, symmetry=symmetries.PermutationInvariant())
    >> layers.Pointwise(activations.Quadratic(sp.Rational(1, 2)))
    >> layers.Mean(11),
}


def stripped(shown: str) -> str:
    assert shown.startswith("$")
    assert shown.endswith("$")
    body = shown.strip("$")
    assert "$" not in body
    assert body
    return body


def displays(text: str) -> list[str]:
    """The displayed equations of a document, without labels and comments."""
    return [re.sub(r"\\label\{[^}]*\}", "", block) for block in ALIGN.findall(text)]


def of_laws() -> Iterator[object]:
    for kind in (laws.Law, laws.JointLaw):
        for law in laws.catalogue(kind).values():
            yield from (law(**example) for example in law.examples)
    yield laws.Normal("mu", "sigma")
    yield laws.Gamma("k", "theta_1")
    yield laws.Normal("mu", "sigma").iid(12)


def of_symmetries() -> Iterator[object]:
    for name in symmetries.catalogue():
        for symmetry, out_features, in_features in symmetries.get(name).examples():
            yield symmetry
            yield symmetry.tie(out_features, in_features)
    yield symmetries.PermutationEquivariant().tie(11, 11)


def of_activations() -> Iterator[object]:
    for activation in (
        activations.Identity(), activations.Square(), activations.Cube(),
        activations.Quadratic("alpha"), activations.Quadratic(sp.Rational(-1, 3)),
        activations.Cubic("a"), activations.Polynomial([1, "c_1", sp.sqrt(2)]),
        *(activations.get(n) for n in activations.catalogue() if n not in ("polynomial", "custom")),
        activations.Custom(sp.atan(sp.Symbol("z")) ** 2),
    ):
        yield activation
        yield from (activation.wick(m, p) for m in (0, 3) for p in (1, 2))
        yield layers.Pointwise(activation)


def of_networks() -> Iterator[object]:
    for net in NETWORKS.values():
        yield net
        yield from net.layers
        out = net.propagate(laws.Generic("kappa"), order=2)
        yield out
        yield from out.layers
        yield net.recursion(order=2)
        yield net.system(order=2)
        yield from net.system(order=2).equations()


def of_derivations() -> Iterator[object]:
    for name in ("free", "block sum"):
        yield NETWORKS[name].propagate(laws.Generic("kappa"), order=2).derivation
    yield rg.RGMap(layers.BlockSum("b", "s")).derivation(order=4)


def of_rg() -> Iterator[object]:
    for map_ in (
        rg.RGMap(layers.BlockSum("b")), rg.RGMap(layers.BlockSum("b", "s")),
        rg.RGMap(layers.BlockSum(2)), rg.RGMap(layers.Linear(2, 1)),
    ):
        yield map_
        yield map_.spectrum(order=6)
        yield from map_.fixed_points(order=4)
    yield rg.RGMap(layers.BlockSum(2)).flow(laws.Exponential("rate"), steps=3)
    unit = rg.RGMap(layers.Mean(2) >> layers.Pointwise(activations.Quadratic(sp.Rational(1, 3))))
    for point in unit.fixed_points(3, Neglect(3)):
        yield point
        yield unit.spectrum(3, Neglect(3), at=point)


SOURCES = (of_laws, of_symmetries, of_activations, of_networks, of_derivations, of_rg)


@pytest.mark.parametrize("source", SOURCES, ids=lambda f: f.__name__)
def test_shown_objects_parse(source, katex, tmp_path):
    formulas = [stripped(thing._repr_latex_()) for thing in source()]
    assert len(formulas) >= 3
    katex(formulas, tmp_path)


def test_names_of_laws_and_symmetries_parse(katex, tmp_path):
    formulas = [law.latex for law in of_laws()]
    formulas += [s.latex for s in of_symmetries() if isinstance(s, symmetries.Symmetry)]
    katex(formulas, tmp_path)


@pytest.mark.parametrize("style", ["indices", "expanded"])
@pytest.mark.parametrize("name", NETWORKS)
def test_recursions_parse_in_both_styles(name, style, katex, tmp_path):
    recursion = NETWORKS[name].recursion(order=2)
    blocks = displays(recursion.to_latex(style=style))
    assert len(blocks) >= len(recursion.layers)
    katex(blocks, tmp_path)


def test_displays_and_sentences_of_articles_parse(katex, tmp_path):
    formulas = []
    for derivation in of_derivations():
        body = derivation.to_latex().split(r"\begin{document}")[1]
        found = displays(body)
        assert len(found) >= len(derivation)
        inline = re.findall(r"(?<!\\)\$([^$]+)\$", ALIGN.sub("", body))
        formulas += [*found, *inline]
    katex(formulas, tmp_path)


def test_mathml_of_objects_is_well_formed():
    from xml.etree import ElementTree

    for thing in (*of_rg(), *of_networks()):
        if isinstance(thing, rg.RGMap):
            for equation in thing.recursion(4):
                ElementTree.fromstring(latex.mathml_equation(equation.lhs, equation.rhs))
