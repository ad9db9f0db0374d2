"""What every public object shows in a notebook and at the prompt."""

import importlib
import inspect
import re
from functools import cache
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
import rendering_examples as examples
import sympy as sp

from cumulant_theory import activations, laws, layers, symmetries
from cumulant_theory.latex import html, inline_display, pictures

PACKAGES = (
    "cumulant_theory", *(f"cumulant_theory.{name}" for name in (
        "activations", "algebra", "closures", "derivation", "diagrams", "generalisation", "laws",
        "layers", "layers.graphs", "orbits", "recursion", "reparametrisations", "rg",
        "symbolic_width", "symbolic_width.families", "symbolic_width.rules", "symmetries",
        "testing", "theorems", "varieties",
    )),
    "numerics", *(f"numerics.{name}" for name in (
        "backends", "comparison", "competition", "datasets", "densities", "flows", "gaussian",
        "imports", "kstatistics", "networks", "study", "sweeps", "tensors", "training",
    )),
)
# protocols, mixins and what is made on the way to a result
NEVER_SHOWN = {"Derived", "Rule", "Check"}
LARGEST, LINES, COLUMNS = 60_000, 40, 120
VOID = {"br", "hr", "img"}
SHOWN_AS = ("_repr_html_", "_repr_latex_", "_repr_markdown_")


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
            assert key == "xmlns" or "http" not in (value or ""), (key, value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        pass


def check_html(text):
    assert 0 < len(text) < LARGEST, len(text)
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
            check_text(repr(thing))
            check_text(str(thing))
        except Exception as error:
            error.add_note(f"{type(thing).__name__}: {repr(thing)[:200]}")
            raise


def test_formulas_parse(katex, tmp_path):
    formulas = {
        thing._repr_latex_() for source in examples.SOURCES for thing in made_by(source)
        if hasattr(thing, "_repr_latex_")
    }
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
