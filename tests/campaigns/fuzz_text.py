"""Texts that are nearly right: configurations, networks, command lines."""

import tomllib

import hypothesis.strategies as st
from fuzz_values import INJECTION

from cumulant_theory import activations, laws, symmetries
from cumulant_theory.network_language import known_layers

NETWORKS = [
    "linear(2, 3, permutation_invariant, bias) | quadratic(a) | linear(3, 1)", "blocksum(b)",
    "residual(linear(2, 2) | square) | mean(2)", "gcn_conv(star, 3) | relu | readout(star, 3)",
]
LAWS = ["normal(0, 1)", "mixture([1/2, 1/2], [normal(0, 1), laplace()])", "generic", "student_t(5)"]
WORDS = [
    *laws.catalogue(), *symmetries.catalogue(), *activations.catalogue(), *known_layers(), "linear",
    "(", ")", "[", "]", ",", "|", "=", "*", "**", "/", "-", "+", ".", ":", "1", "2", "0", "-1",
    "1e9", "1e400", "10**30", "9**9**9", "0.5", "1/0", "nan", "inf", "oo", "zoo", "I", "x", "b",
    "sqrt(2)", "True", "None", "lambda", "__class__", "'a'", '"a"', "#", ";", "\n", "\0", "é",
    "\u202e", "star", "complete", "bias", INJECTION, "(" * 200, "1" * 60, "a" * 500,
]
SETTINGS = [
    "0", "-1", "1", "2", "10**9", "1000000000000", "1e308", "nan", "inf", "true", '""', '"x"',
    "[]", "{}", "[1, 2]", '["normal(0, 1)"]', '["relu"]', '["free", "free"]', '["cyclic"]',
    '[["a"]]', "1979-05-27", f'["{INJECTION}"]', '["linear(2, 2)"]', '{G = "normal(0, 1)"}',
    '{"a b" = "normal(0, 1)"}', '{G = 3}', '{"../up" = "normal(0, 1)"}', '["identity", 3]',
    '["polynomial([0, 1, 1/3])"]', '["gcn_conv(star)"]', '["soft(1/10)"]', '["soft(-1)"]',
    '["normal(0, -1)"]', '["student_t(2)"]', '["generic"]', '"""long"""',
]


def mutated(valid):
    """A right text with pieces cut, doubled, exchanged or put in."""
    @st.composite
    def build(draw):
        text = draw(st.sampled_from(valid))
        for _ in range(draw(st.integers(1, 3))):
            at, to = sorted(draw(st.tuples(*[st.integers(0, len(text))] * 2)))
            piece = draw(st.one_of(
                st.sampled_from(WORDS), st.text(max_size=3), st.just(""), st.just(text[at:to]),
            ))
            text = text[:at] + piece + (text[at:] if draw(st.booleans()) else text[to:])
        return text

    return build()


def arbitrary():
    """Words of the languages in any order, and any text at all."""
    return st.one_of(
        st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join),
        st.lists(st.sampled_from(WORDS), max_size=6).map("".join), st.text(max_size=30),
    )


def configuration(default):
    """TOML near the built-in one: values replaced, lines lost or doubled, or damaged text."""
    lines = default.splitlines()
    keys = [*tomllib.loads(default), "unknown", "seeds", "b", "grid", "density", "test_laws"]

    @st.composite
    def build(draw):
        kind = draw(st.sampled_from(["set", "set", "set", "replace", "lines", "text"]))
        if kind == "set":
            given = draw(st.dictionaries(st.sampled_from(keys), st.sampled_from(SETTINGS),
                                         min_size=1, max_size=3))
            return "\n".join(f"{k} = {v}" for k, v in given.items())
        if kind == "replace":
            new = list(lines)
            places = [i for i, line in enumerate(lines) if "=" in line]
            for i in draw(st.lists(st.sampled_from(places), min_size=1, max_size=3)):
                new[i] = f"{lines[i].split('=')[0]}= {draw(st.sampled_from(SETTINGS))}"
            return "\n".join(new)
        if kind == "lines":
            kept = draw(st.lists(st.sampled_from(range(len(lines))), min_size=1, max_size=12))
            return "\n".join(lines[i] for i in kept)
        return draw(mutated([default]))

    return build()


def arguments(folder):
    """Command lines of every command but those that would train."""
    texts = st.one_of(mutated(NETWORKS), arbitrary())
    numbers = st.sampled_from(["0", "-1", "1", "2", "3", "99", "1e3", "x", "", "10" * 20, "nan"])
    paths = st.sampled_from([f"{folder}/out.tex", f"{folder}/out.json", f"{folder}/a/b.txt", "",
                             "/proc/x.txt", f"{folder}", "\0", f"{folder}/é.txt", "/dev/null"])
    words = st.sampled_from(["", "text", "json", "tex", "latex", "indices", "expanded", "effective",
                             "exact", "diagrams:2", "neglect:2", "neglect:2:-1", "diagrams:99999",
                             "all", "--", "-h", "--help", "--version", "é"])
    # a network of a few units at order 1 or 2, so that what is right ends soon
    derive = st.builds(
        lambda net, rest: ["derive", "--layers", net, "--order", "1", *rest], texts,
        st.lists(st.one_of(
            st.tuples(st.just("--law"), st.one_of(mutated(LAWS), arbitrary())),
            st.tuples(st.sampled_from(["--style", "--format", "--closure"]), words),
            st.tuples(st.just("--out"), paths), st.tuples(st.just("--verify")),
            st.tuples(st.just("--order"), numbers),
        ), max_size=2).map(lambda pairs: [w for pair in pairs for w in pair]),
    )
    paper = st.builds(
        lambda rest: ["paper", "--no-pdf", *rest], st.lists(st.one_of(
            st.tuples(st.just("--out"), paths), st.tuples(st.just("--theorems"), words),
            st.tuples(st.just("--rename"), arbitrary()), st.tuples(st.just("--order"), numbers),
            st.tuples(st.sampled_from(["--tables", "--figures"]), paths),
            st.tuples(st.just("--title"), texts), st.tuples(st.just("--overwrite")),
            st.tuples(st.just("--snippet")), st.tuples(st.just("--prefix"), texts),
            st.tuples(st.sampled_from(["--columns", "--width"]), numbers),
            st.tuples(st.just("--bib"), paths), st.tuples(st.just("--author"), texts),
        ), max_size=4).map(lambda pairs: [w for pair in pairs for w in pair]),
    )
    grids = st.builds(
        lambda name, rest: [name, "--config", f"{folder}/no.toml", *rest],
        st.sampled_from(["study", "competition"]),
        st.lists(st.one_of(
            st.tuples(st.sampled_from(["--jobs", "--seeds", "--samples"]), numbers),
            st.tuples(st.just("--out"), paths), st.tuples(st.just("--print-config")),
            st.tuples(st.just("--scheduler"), texts),
        ), max_size=3).map(lambda pairs: [w for pair in pairs for w in pair]),
    )
    other = st.lists(st.one_of(words, st.sampled_from(
        ["laws", "symmetries", "activations", "theorems", "derive", "study"]), arbitrary()),
        max_size=3)
    return st.one_of(derive, derive, paper, grids, other)
