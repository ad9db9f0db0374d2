"""What every public object shows in a notebook and at the prompt."""

import importlib
import inspect
import re
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
import rendering_examples as examples
import sympy as sp

from cumulant_theory import (
    Neglect,
    activations,
    laws,
    layers,
    parameter_symmetries,
    rg,
    symmetries,
)
from cumulant_theory.latex import html, inline_display, pictures
from cumulant_theory.reparametrisations.display import orbits
from cumulant_theory.rg.display import directions

PACKAGES = (
    "cumulant_theory", *(f"cumulant_theory.{name}" for name in (
        "activations", "algebra", "closures", "derivation", "diagrams", "generalisation", "laws",
        "layers", "layers.graphs", "orbits", "recursion", "reparametrisations", "rg",
        "symbolic_width", "symbolic_width.families", "symbolic_width.rules", "symmetries",
        "testing", "theorems", "varieties",
    )),
    "numerics", *(f"numerics.{name}" for name in (
        "backends", "comparison", "competition", "datasets", "densities", "flows", "gaussian",
        "explorers", "imports", "kstatistics", "networks", "study", "sweeps", "tensors", "training",
    )),
)
# protocols, mixins and what is made on the way to a result
NEVER_SHOWN = {"Derived", "Rule", "Check", *(() if examples.LIVE else ("Explorer",))}
LARGEST, DRAWN, LINES, COLUMNS = 60_000, 250_000, 40, 120
FIGURE = re.compile(r'<div class="cumulant-figure"><svg\b.*?</svg>\s*</div>', re.DOTALL)
VOID = {"br", "hr", "img"}
SHOWN_AS = ("_repr_html_", "_repr_latex_", "_repr_markdown_", "_repr_mimebundle_")


def public_classes():
    """Classes that the packages export, and those defined in a public module without a list."""
    found = {}
    for name in PACKAGES:
        module = importlib.import_module(name)
        listed = getattr(module, "__all__", None) or [
            key for key, value in vars(module).items()
            if inspect.isclass(value) and value.__module__ == name and not key.startswith("_")
        ]
        for key in listed:
            value = getattr(module, key)
            shown = inspect.isclass(value) and not issubclass(value, BaseException)
            if shown and key not in NEVER_SHOWN:
                found[value] = f"{name}.{key}"
    return found


class Balanced(HTMLParser):
    """Fails on tags that do not match, scripts and anything from outside."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        assert tag not in ("script", "link", "iframe", "object", "style"), tag
        for key, value in attrs:
            assert not key.startswith("on"), key
            assert key not in ("src", "href"), (key, value)
            assert key.startswith("xmlns") or "http" not in (value or ""), (key, value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        pass


def check_html(text):
    assert 0 < len(FIGURE.sub("", text)) < LARGEST, len(text)
    assert len(text) < DRAWN, len(text)
    assert " object at 0x" not in text
    parser = Balanced()
    parser.feed(text)
    parser.close()
    assert not parser.open, parser.open
    assert not re.search(r"&(?!#?\w+;)", text)
    for picture in re.findall(r"<(?:svg|math)\b.*?</(?:svg|math)>", text, re.DOTALL):
        ElementTree.fromstring(picture)
    # a sign left unescaped is no tag
    assert not re.search(r"<(?![/a-zA-Z])", text)


def check_text(text):
    assert " object at 0x" not in text
    lines = [len(line) for line in text.split("\n")]
    assert sum(max(1, -(-size // COLUMNS)) for size in lines) <= LINES, (len(lines), max(lines))


@cache
def made_by(source):
    """The examples of a source, made once."""
    return list(source())


def test_every_public_class_has_an_example():
    made = [thing for source in examples.SOURCES for thing in made_by(source)]
    classes = public_classes()
    assert len(classes) > 150
    missing = [
        name for kind, name in classes.items() if not any(isinstance(t, kind) for t in made)
    ]
    assert not missing, missing


@pytest.mark.parametrize("source", examples.SOURCES, ids=lambda f: f.__name__)
def test_objects_show_themselves(source):
    things = made_by(source)
    assert len(things) >= 3
    for thing in things:
        try:
            assert any(hasattr(thing, way) for way in SHOWN_AS), "has no rich form"
            if hasattr(thing, "_repr_html_"):
                check_html(thing._repr_html_())
            if hasattr(thing, "_repr_mimebundle_"):
                check_html(thing._repr_mimebundle_()["text/html"])
            check_text(repr(thing))
            check_text(str(thing))
        except Exception as error:
            error.add_note(f"{type(thing).__name__}: {repr(thing)[:200]}")
            raise


def test_formulas_parse(katex, tmp_path):
    formulas = {
        thing._repr_latex_() for source in examples.SOURCES for thing in made_by(source)
        if hasattr(thing, "_repr_latex_")
    } - {None}  # what has no formula
    for text in formulas:
        assert text.startswith("$")
        assert text.endswith("$")
        assert "$" not in text.strip("$")
        assert len(text) < 15_000
    katex([text.strip("$") for text in sorted(formulas)], tmp_path)


def test_long_sums_are_counted_and_short_ones_stand():
    long = sp.Add(*sp.symbols("x1:200"))
    out = layers.Linear(2, 2) >> layers.Pointwise(activations.Quadratic("a"))
    net = out >> layers.Linear(2, 1)
    page = net.propagate(laws.Generic("kappa").iid(2), order=4)._repr_html_()
    assert "2182 terms" in page
    assert "199 terms; see .all" in inline_display([("y", long)], see=".all")
    assert "x_{3}" in inline_display([("y", sp.Add(*sp.symbols("x1:4")))])
    assert "and 60 more equations" in inline_display([("y", "x")] * 100)


@pytest.mark.parametrize("name", sorted(symmetries.catalogue()))
def test_pictures_of_tyings_have_a_colour_per_parameter(name):
    for symmetry, out_features, in_features in symmetries.get(name).examples():
        tied = symmetry.tie(out_features, in_features)
        picture = pictures.tying(
            (out_features, in_features),
            {
                place: tuple((k, str(v[place])) for k, v in enumerate(tied.basis) if place in v)
                for place in {p for v in tied.basis for p in v}
            },
        )
        found = ElementTree.fromstring(picture)
        paths = [e for e in found.iter() if e.tag.endswith("path")]
        assert len({p.get("fill") for p in paths}) == len(paths) == tied.dimension
        blocks = sum(path.attrib["d"].count("z") for path in paths)
        assert blocks == sum(len(v) for v in tied.basis)


def test_large_pictures_are_thinned_out():
    free = symmetries.Free().tie(60, 80)
    assert len(free._repr_html_()) < LARGEST
    assert "20 of 60 rows, 20 of 80 columns" in free._repr_html_()


def test_networks_name_their_layers_units_and_symmetries():
    page = examples.MLP._repr_html_()
    for text in ("permutation invariant", "3 of 6 free", "Pointwise", ">3</text>", "10: "):
        assert text in page
    deep = examples.DEEP._repr_html_()
    assert "more layers" in deep
    assert deep.count(">Linear<") == 6


def test_text_from_users_is_escaped():
    law = laws.Normal(0, sp.Symbol("<script>"))
    for text in (law._repr_html_(), layers.Graph((2, [(0, 1)]), label="<b>&")._repr_html_()):
        assert "<script" not in text
        assert "<b>" not in text
        check_html(text)
    assert html.shown("a & b < c") == "a &amp; b &lt; c"


@pytest.mark.parametrize(("value", "error", "text"), [
    (0.123456, 0.00123, "0.1235(12)"), (-2.0, 0.05, "-2.000(50)"), (0.0, 0.001, "0.0000(10)"),
    (1e-9, 3e-11, "1.000(30)e-9"), (5.0, 0.0, "5"), (float("nan"), 1.0, "nan ± 1"),
    (0.00999, 0.00995, "0.010(10)"), (99.99, 9.96, "100(10)"),
])
def test_values_with_errors(value, error, text):
    assert html.with_error(value, error) == text


# ---------------------------------------------------------------------------- what cards say


def test_cards_of_fixed_points_name_the_directions_of_the_spectrum():
    map_ = rg.RGMap(
        layers.Mean(2) >> layers.Pointwise(activations.Quadratic(sp.Rational(1, 3))))
    points = map_.fixed_points(3, Neglect(3))
    assert len(points) == 3
    for point in points:
        exact = map_.spectrum(3, Neglect(3), at=point)
        kinds, values = directions(point)
        assert kinds == [e.kind for e in exact]
        for e, value in zip(exact, values, strict=True):
            decimal = str(e.value) if len(str(e.value)) < 24 else str(sp.N(e.value, 6))
            assert all(f">{part}<" in value for part in re.findall(r"[\d.]+", decimal))
    (gaussian,) = rg.RGMap(layers.BlockSum("b")).fixed_points(4)
    page = gaussian._repr_html_()
    assert "unstable: 1 relevant, 1 marginal, 2 irrelevant directions" in page
    bare = replace(gaussian, _map=None)
    assert bare == gaussian
    assert "directions" not in bare._repr_html_()


def test_long_flows_keep_their_first_and_last_steps():
    flow = rg.RGMap(layers.BlockSum(4)).flow(laws.Exponential(1), 30, 10)
    page = flow._repr_html_()
    rows = re.findall(r"<tr\b.*?</tr>", page, re.DOTALL)
    assert len(rows) == 1 + 12
    assert [re.search(r"<td[^>]*>(.*?)</td>", row)[1] for row in rows[-3:]] == ["9", "…", "30"]
    assert "1073741824" in rows[-1]  # 4^{30/2}
    assert page.count("<th ") == 1 + 8
    assert "all steps and orders" in page


def test_orbits_of_parameters():
    net = layers.Linear(2, 3) >> layers.Pointwise(activations.ReLU()) >> layers.Linear(3, 1)
    found = parameter_symmetries(net)
    sizes = sorted(map(len, orbits(found)))
    assert sizes == [3, 3, 3]
    assert sum(sizes) == len(net.parameters)
    fixed = parameter_symmetries(net, fixed=[net.parameters[0]])
    assert sorted(map(len, orbits(fixed))) == [1, 1, 2, 2, 2]  # two units are left to exchange
    page = found._repr_html_()
    assert "one-parameter families" in page
    assert "2 permutations, 3 rescalings" in page


def test_witnesses_tell_what_fits_and_what_fails():
    failing = [b.witness for b in examples.analysis().branches if b.witness is not None]
    assert failing
    for witness in failing:
        page = witness._repr_html_()
        wrong = [v for v in witness.residuals.values() if v != 0]
        assert page.count(">fails<") == len(wrong) > 0
        assert page.count(">right<") == len(witness.residuals) - len(wrong)
    (test,) = examples.analysis().failure_conditions
    assert "nowhere on the branch" in test._repr_html_()
