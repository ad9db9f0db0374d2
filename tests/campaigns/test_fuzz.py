"""Nothing public fails but by the own family of errors, hangs, or gives what is no number.

A few hundred examples run with the other tests; ``make fuzz`` runs the campaign. Both draw the
same examples every time; ``FUZZ_SEED=7 make fuzz``, with any integer, draws others, the same ones
for the same integer.
"""

import ast
import io
import os
import sys
import warnings
from contextlib import redirect_stderr, redirect_stdout
from itertools import islice, product, zip_longest
from pathlib import Path

import pytest
from fuzz_core import LEFT_OUT, MODULES, probe_activation, probe_law, probe_layer, probe_symmetry
from fuzz_core import TARGETS as CORE
from fuzz_judge import Finding, WrongError, distinct, judge
from fuzz_names import uncalled
from fuzz_text import LAWS, NETWORKS, arbitrary, arguments, configuration, mutated
from fuzz_values import SENTINEL, STRANGE, drawn
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from cumulant_theory.errors import CumulantError
from cumulant_theory.network_language import parse_network
from cumulant_theory.parsing import (
    parse_activation,
    parse_closure,
    parse_law,
    parse_number,
    parse_symmetry,
)
from cumulant_theory.varieties import _msolve
from numerics import competition, study
from numerics.cli import main


def examples(few, many):
    """Two sizes of a test: few examples by default, many under the marker ``campaign``."""
    return pytest.mark.parametrize("count", [
        pytest.param(few, id="sample"),
        pytest.param(many, id="campaign", marks=[pytest.mark.campaign, pytest.mark.slow]),
    ])


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path, monkeypatch):
    """Files that a text might make would be found here."""
    monkeypatch.chdir(tmp_path)
    yield
    assert not list(tmp_path.glob(f"{SENTINEL}*")), "a text was evaluated"


def run(count, strategy, one):
    """Draw examples, collect what is wrong with them, and name it at the end."""
    found: list[Finding] = []
    chosen = os.environ.get("FUZZ_SEED")
    seeded = seed(int(chosen)) if chosen else lambda test: test

    @seeded
    @settings(max_examples=count, deadline=None, database=None, derandomize=not chosen,
              phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(strategy)
    def each(example):
        finding = one(example)
        if finding is not None:
            found.append(finding)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        each()
    kinds = distinct(found)
    assert not kinds, f"{len(kinds)} kinds in {count} examples\n" + "\n".join(map(str, kinds))


# ------------------------------------------------------------------ calls


# a large number of these is work that the caller asks for, and gets
WORK = {"networks", "samples", "steps", "batch", "size", "seeds", "count", "points"}
SHORT = sorted(k for k in STRANGE if k not in ("100000", "10000000"))


@st.composite
def calls(draw, targets):
    """A target, its arguments as functions that make them, and the call as text."""
    target = draw(st.sampled_from(targets))
    values = {n: draw(st.sampled_from(v)) for n, v in target.arguments.items()}
    made = {n: (lambda v=v: v) for n, v in values.items()}
    told = {n: repr(v)[:80] for n, v in values.items()}
    for name in draw(st.lists(st.sampled_from(sorted(made)), min_size=1, max_size=2)):
        if draw(st.integers(0, 3)):
            keys = SHORT if name in WORK else sorted(STRANGE)
            key = draw(st.sampled_from(keys))
            made[name], told[name] = STRANGE[key], f"<{key[:80]}>"
        else:
            value = draw(drawn())
            made[name], told[name] = (lambda v=value: v), repr(value)[:80]
    return target, made, f"{target.name}({', '.join(f'{n}={t}' for n, t in told.items())})"


def called(example):
    target, made, told = example
    return judge(target.name, lambda: target.call(**{n: make() for n, make in made.items()}), told,
                 target.probe, target.seconds, target.nan)


@examples(250, 6000)
def test_calls_of_the_core(count):
    run(count, calls([t for t in CORE if t.arguments]), called)


@examples(200, 6000)
def test_calls_of_the_numbers(count):
    pytest.importorskip("torch")
    from fuzz_methods import TARGETS

    run(count, calls([t for t in TARGETS if t.arguments]), called)


@pytest.mark.slow
def test_right_arguments_are_right():
    """Every target does answer: what is refused everywhere would be tested by nothing."""
    pytest.importorskip("torch")
    from fuzz_methods import TARGETS

    refused = {t.name for t in [*CORE, *TARGETS] if not any(map(answers, combinations(t)))}
    optional = set() if _msolve.executable() else {"varieties.real_boxes"}
    assert refused == REFUSED | optional


def combinations(target):
    """Right arguments together, first with first and so on, then mixed."""
    names = list(target.arguments)
    values = list(target.arguments.values())
    rows = [*zip_longest(*values), *islice(product(*values), 12)]
    for row in rows:
        yield target, {
            n: v[0] if x is None and None not in v else x
            for n, v, x in zip(names, values, row, strict=True)
        }


def answers(pair):
    """Whether a call succeeds, its probe included."""
    target, arguments = pair
    try:
        result = target.call(**arguments)
        if target.probe is not None:
            target.probe(result)
    except CumulantError:
        return False
    return True


# maps that are not linear have no eigenvalues of their own, a symbolic width has no units, an
# activation that is no polynomial no degree
REFUSED = {
    "RGMap.eigenvalues (unit)", "RGMap.__matmul__ (unit)",
    *(f"Layer.{name} (relu)" for name in ("effective", "degree", "input_order")),
    *(f"Layer.{name} (sum)" for name in (
        "effective", "forward", "system", "recursion", "rules", "stages", "input_units", "degree",
        "input_order")),
}


def check_coverage(modules, targets, left_out):
    """A new name needs a target, or a reason why there is none."""
    missing, needless = uncalled(modules, targets, left_out)
    assert not missing, f"add targets for {', '.join(missing)}, or say in LEFT_OUT why not"
    assert not needless, f"LEFT_OUT names {', '.join(needless)}, called or not public"


def test_every_public_name_of_the_core_is_called():
    check_coverage(MODULES, CORE, LEFT_OUT)


def test_every_public_name_of_the_numbers_is_called():
    pytest.importorskip("torch")
    import fuzz_methods

    check_coverage(fuzz_methods.MODULES, fuzz_methods.TARGETS, fuzz_methods.LEFT_OUT)


# ------------------------------------------------------------------ texts


PARSERS = {
    "parse_number": (parse_number, None, ["1/2", "sqrt(2)*a", "0.25 + a**2"]),
    "parse_law": (parse_law, probe_law, LAWS),
    "parse_activation": (parse_activation, probe_activation, ["quadratic(a)", "relu"]),
    "parse_symmetry": (parse_symmetry, probe_symmetry, ["cyclic", "block_permutation(2, 2)"]),
    "parse_closure": (parse_closure, None, ["diagrams:3", "neglect:2:4"]),
    "parse_network": (parse_network, probe_layer, NETWORKS),
}


@examples(120, 1500)
def test_texts(count):
    @st.composite
    def texts(draw):
        name = draw(st.sampled_from(sorted(PARSERS)))
        return name, draw(st.one_of(mutated(PARSERS[name][2]), arbitrary()))

    def one(example):
        name, text = example
        parse, probe, _ = PARSERS[name]
        return judge(name, lambda: parse(text), f"{name}({text[:200]!r})", probe)

    run(count, texts(), one)


@pytest.mark.parametrize("kind", ["study", "competition"])
@examples(40, 600)
def test_configurations(count, kind, tmp_path):
    package = {"study": study, "competition": competition}[kind]
    path = tmp_path / "config.toml"

    def one(text):
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        return judge(f"{kind}.load_config", lambda: package.load_config(path), text[:300])

    run(count, configuration(package.DEFAULT_TOML), one)


@examples(60, 1000)
def test_command_lines(count, tmp_path):
    def called(argv):
        out, errors = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(errors):
            code = main(argv)
        told = errors.getvalue()
        if code not in (0, 2):
            raise WrongError(f"exit code {code}")
        if "Traceback" in told:
            raise WrongError("a traceback")
        if (code == 2) != bool(told.strip()):
            raise WrongError(f"exit code {code} with {told[:80]!r} on stderr")
        # a wrong argument is told after how the command is used
        lines = told.strip().splitlines()
        if code == 2 and not told.startswith("usage:") and len(lines) != 1:
            raise WrongError(f"{len(lines)} lines on stderr")
        return code

    def one(argv):
        return judge("cumulants", lambda: called(list(argv)), f"cumulants {argv!r}"[:300],
                     seconds=10.0)

    run(count, arguments(str(tmp_path)), one)


# ------------------------------------------------------------------ nothing is evaluated


ROOT = Path(__file__).resolve().parents[2]


def test_no_text_is_run_and_no_result_is_code():
    """Results are data, and texts are read by a whitelist."""
    found = set()
    for package in ("cumulant_theory", "numerics"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                name = None
                if isinstance(node, ast.Call):
                    name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
                    if any(k.arg in ("shell", "allow_pickle") for k in node.keywords):
                        name = "eval"
                elif isinstance(node, ast.Import):
                    name = next((a.name for a in node.names if a.name in RUNS), None)
                elif isinstance(node, ast.ImportFrom):
                    name = node.module if node.module in RUNS else None
                if name in RUNS:
                    found.add((str(path.relative_to(ROOT)), name))
    assert found == ALLOWED


RUNS = {"eval", "exec", "pickle", "cloudpickle", "dill", "shelve", "marshal", "parse_expr",
        "lambdastr", "__import__"}
ALLOWED = {
    ("numerics/program.py", "exec"),  # source generated from expression trees, never from text
    ("numerics/sweeps/local.py", "pickle"),  # a job on its way to a process of this run
}


def test_the_watchdog_stops_what_hangs():
    finding = judge("loop", lambda: all(iter(lambda: True, False)), "loop()", seconds=0.2)
    assert finding is not None
    assert finding.problem == "does not end"
    assert judge("nan", lambda: float("nan"), "nan()").problem.startswith("WrongError")
    assert judge("fine", lambda: [1.0, {"a": 2}], "fine()") is None
    assert "TypeError" in judge("add", lambda: 1 + "a", "add()").problem
    assert os.getcwd() == str(Path.cwd())
    assert sys.getrecursionlimit() >= 1000
