"""The command line as a user runs it."""

import json
import shutil
import subprocess
import sys
from dataclasses import asdict, replace

import pytest
import study_data

import numerics.study
from cumulant_theory import activations, laws, symmetries
from cumulant_theory.errors import DivergenceError
from numerics.cli import main

NETWORK = "linear(2, 3, permutation_invariant, bias) | quadratic(a) | linear(3, 1)"
TINY = """
symmetries = ["free"]
activations = ["identity"]
losses = ["pointwise"]
train_laws = ["normal(0, 1)"]
seeds = 2
restarts = 1
steps = 5
samples = 1000
[test_laws]
G = "normal(0, 1)"
"""


def run(*arguments, cwd=None):
    return subprocess.run(
        [sys.executable, "-m", "numerics", *arguments], capture_output=True, text=True,
        timeout=120, cwd=cwd, check=False,
    )


def errors(capsys, *arguments):
    code = main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.err


@pytest.fixture
def fake(monkeypatch):
    """Study that returns synthetic results and notes how it was called."""
    calls = []

    def run_study(config, out, resume=False, progress=True, jobs=None, scheduler=None,
                  on_failure="raise"):
        calls.append((config, out, resume, progress, jobs, scheduler, on_failure))
        results = study_data.synthetic(
            ("permutation_invariant",), ("identity",), ("law",), ("normal(0, 1)",),
            ("Gaussian", "exponential"), seeds=config.seeds,
        )
        out.mkdir(parents=True, exist_ok=True)
        results.write(out)
        return results

    monkeypatch.setattr(numerics.study, "run_study", run_study)
    return calls


def test_help_version_and_a_derivation_in_a_process():
    shown = run("--help")
    assert shown.returncode == 0
    assert "examples:" in shown.stdout
    derived = run("derive", "--layers", "blocksum(b)", "--law", "exponential(1)", "--verify")
    assert derived.returncode == 0, derived.stderr
    assert derived.stdout.startswith("verified: ")
    assert "kappa__R_4 = 6/b" in derived.stdout


def test_an_error_in_a_process_is_one_line_and_code_2():
    failed = run("derive", "--layers", "linear(2, 3) | mish")
    assert failed.returncode == 2
    assert failed.stderr.startswith("cumulants: error: unknown layer 'mish'")
    assert failed.stderr.count("\n") == 1
    assert failed.stdout == ""


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from numerics.cli import main; main(['--help']); main(['laws']);"
        "print(sorted({'torch', 'matplotlib', 'scipy', 'numpy'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                           timeout=60, check=True)
    assert shown.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("command", ["study", "derive", "laws"])
def test_every_command_has_help(command, capsys):
    assert main([command, "--help"]) == 0
    assert f"usage: cumulants {command}" in capsys.readouterr().out


@pytest.mark.parametrize(("command", "names"), [
    ("laws", list(laws.catalogue())), ("symmetries", symmetries.catalogue()),
    ("activations", activations.catalogue()),
])
def test_catalogues_list_everything(command, names, capsys):
    assert main([command]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("(")[0].split()[0] for line in lines] == sorted(names)
    assert all(len(line.split()) > 2 for line in lines)


@pytest.mark.parametrize("style", ["indices", "expanded", "effective"])
def test_styles_as_json_are_the_equations_of_the_library(style, capsys):
    from cumulant_theory.network_language import parse_network

    arguments = ["derive", "--layers", NETWORK, "--order", "2", "--style", style,
                 "--format", "json"]
    assert main(arguments) == 0
    data = json.loads(capsys.readouterr().out)
    network = parse_network(NETWORK)
    law = laws.Generic("kappa").iid(2)
    if style == "effective":
        known = {str(d.symbol): str(d.expr) for d in network.system(
            2, inputs=law, form="effective").definitions}
    else:
        known = {str(e.lhs): str(e.rhs) for e in network.recursion(2, law).equations(style)}
    shown = {e["lhs"]: e["rhs"] for s in data["sections"] for e in s["equations"]}
    assert set(shown) == set(known)
    assert {k: v for k, v in shown.items() if not k.startswith(("M__", "t__"))} == {
        k: v for k, v in known.items() if not k.startswith(("M__", "t__"))}
    assert data["parameters"] == [str(p) for p in network.parameters]


@pytest.mark.parametrize("law", ["generic", "normal(0, sigma)"])
def test_text_names_its_hypotheses(law, capsys):
    layers = "linear(2, 1, permutation_invariant)"
    assert main(["derive", "--layers", layers, "--law", law, "--order", "1"]) == 0
    head = capsys.readouterr().out.split("\n\n")[0].splitlines()
    told = [line[:14].strip() for line in head[2:]]
    assert told[0] == "hypotheses"
    assert not any(told[1:])
    assert "commute with the action of S_2" in head[-1]


def test_latex_and_articles(tmp_path, capsys):
    assert main(["derive", "--layers", "blocksum(3)", "--format", "latex"]) == 0
    assert r"\begin{align}" in capsys.readouterr().out
    out = tmp_path / "d.tex"
    assert main(["derive", "--layers", NETWORK, "--order", "2", "--out", str(out)]) == 0
    source = out.read_text()
    assert source.startswith(r"\documentclass")
    assert r"\derivationstep" in source
    out = tmp_path / "d.json"
    assert main(["derive", "--layers", NETWORK, "--order", "1", "--out", str(out)]) == 0
    assert json.loads(out.read_text())["order"] == 1


@pytest.mark.latex
@pytest.mark.skipif(shutil.which("latexmk") is None, reason="latexmk is not installed")
def test_pdf(tmp_path):
    out = tmp_path / "d.tex"
    assert main(["derive", "--layers", "blocksum(2)", "--out", str(out), "--pdf"]) == 0
    assert out.with_suffix(".pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(("arguments", "words"), [
    (("derive", "--layers", "linear(2, 2, cyclik)"), "did you mean 'cyclic'"),
    (("derive", "--layers", "blocksum(2)", "--law", "normal(0, -1)"), "scale = -1"),
    (("derive", "--layers", "blocksum(2)", "--law", "student_t(3)"), "order"),
    (("derive", "--layers", "blocksum(2)", "--law", "open('x')"), "open('x')"),
    (("derive", "--layers", "square"), "any number of units"),
    (("derive", "--layers", "blocksum(b) | square"), "stands alone"),
    (("derive", "--layers", "linear(2, 1) | linear(3, 1)"), "layer 2"),
    (("derive", "--layers", "blocksum(2)", "--order", "99"), "at most 12"),
    (("derive", "--layers", "blocksum(2)", "--pdf"), "--out"),
    (("derive", "--layers", "blocksum(2)", "--out", "/nowhere/x.tex"), "/nowhere/x.tex"),
    (("derive", "--layers", "blocksum(2)", "--out", "/nowhere/x.txt"), "cannot be written"),
    (("study",), "--out"),
    (("study", "--config", "/nowhere.toml", "--out", "unused"), "/nowhere.toml"),
])
def test_bad_input_is_one_line(arguments, words, capsys):
    code, shown = errors(capsys, *arguments)
    assert code == 2
    assert shown.startswith("cumulants: error: ")
    assert shown.count("\n") == 1
    assert words in shown


@pytest.mark.parametrize("arguments", [
    (), ("nonsense",), ("derive",), ("derive", "--layers", "square", "--order", "0"),
    ("study", "--seeds", "-1"), ("study", "--samples", "many"), ("laws", "--extra"),
])
def test_wrong_arguments_end_with_code_2(arguments, capsys):
    code, shown = errors(capsys, *arguments)
    assert code == 2
    assert "usage: cumulants" in shown


def test_printed_config_is_the_default(tmp_path, capsys):
    assert main(["study", "--print-config"]) == 0
    path = tmp_path / "c.toml"
    path.write_text(capsys.readouterr().out)
    assert asdict(numerics.study.load_config(path)) == asdict(numerics.study.default_config())


def test_malformed_config(tmp_path, capsys):
    path = tmp_path / "c.toml"
    path.write_text("seeds = [")
    code, shown = errors(capsys, "study", "--config", str(path), "--out", str(tmp_path / "o"))
    assert (code, shown.count("\n")) == (2, 1)
    assert str(path) in shown


def test_study_passes_its_options_on_and_reports(fake, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["study", "--out", str(out), "--seeds", "4", "--samples", "1_000", "--jobs", "1",
                 "--scheduler", "tcp://host:8786", "--resume", "--no-progress"]) == 0
    (config, folder, *options), = fake
    assert (config.seeds, config.samples, folder) == (4, 1000, out)
    assert options == [True, False, 1, "tcp://host:8786", "keep"]
    shown = capsys.readouterr().out
    assert "2/4 2m" in shown
    for name in ("results.csv", "manifest.json", "report.html", "report.tex", "demo.png"):
        assert str(out / name) in shown
        assert (out / name).stat().st_size > 0


def test_study_without_report(fake, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["study", "--out", str(out), "--no-report"]) == 0
    assert sorted(p.name for p in out.iterdir()) == [
        "manifest.json", "networks.csv", "outcomes.csv", "results.csv"]
    assert "report.html" not in capsys.readouterr().out


def test_failed_cells_come_after_the_report_with_code_2(monkeypatch, tmp_path, capsys):
    def run_study(config, out, **_):
        results = study_data.synthetic(("shared",), ("identity",), ("law",), seeds=2)
        return replace(results, failures=[
            {"cell": "free-law", "error": "DivergenceError", "message": "all starts diverged"}])

    monkeypatch.setattr(numerics.study, "run_study", run_study)
    out = tmp_path / "out"
    assert main(["study", "--out", str(out)]) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith("cumulants: error: 1 of 40 cells failed: free-law (Diverg")
    assert "--resume" in shown.err
    assert str(out / "report.html") in shown.out
    assert (out / "report.html").stat().st_size > 0


def test_interrupted_study(monkeypatch, tmp_path, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(numerics.study, "run_study", interrupted)
    assert main(["study", "--out", str(tmp_path / "o")]) == 130
    shown = capsys.readouterr().err
    assert "--resume" in shown
    assert "kept" in shown


def test_errors_of_a_study_have_no_traceback(monkeypatch, tmp_path, capsys):
    def diverged(*_, **__):
        raise DivergenceError("loss is inf\nat step 3")

    monkeypatch.setattr(numerics.study, "run_study", diverged)
    code, shown = errors(capsys, "study", "--out", str(tmp_path / "o"))
    assert (code, shown) == (2, "cumulants: error: loss is inf at step 3\n")


def test_unwritable_folder(tmp_path, capsys):
    blocked = tmp_path / "file"
    blocked.write_text("")
    config = tmp_path / "c.toml"
    config.write_text(TINY)
    code, shown = errors(capsys, "study", "--config", str(config), "--out", str(blocked / "out"))
    assert (code, shown.count("\n")) == (2, 1)
    assert str(blocked) in shown
