"""Directions of imports, and what an import loads."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[1]
HEAVY = (
    "numpy", "torch", "scipy", "matplotlib", "hypothesis", "symengine", "networkx", "pyarrow",
    "distributed",
)


def run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_contracts_hold(monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "path", [str(ROOT), *sys.path])
    assert lint_imports(cache_dir=str(tmp_path)) == 0


def test_contracts_name_the_forbidden_packages():
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    forbidden = {m for c in config["contracts"] for m in c.get("forbidden_modules", ())}
    assert {*HEAVY, "numerics", "flint"} <= forbidden


def test_a_wrong_import_breaks_the_contracts(tmp_path):
    """The contracts can fail: the same check on a copy with one wrong import."""
    for package in ("cumulant_theory", "numerics"):
        for source in (ROOT / package).rglob("*.py"):
            copy = tmp_path / source.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(source.read_text())
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    errors = tmp_path / "cumulant_theory" / "errors.py"
    errors.write_text(errors.read_text() + "\nfrom cumulant_theory import algebra\nimport numpy\n")
    code = (
        f"import sys; sys.path[:0] = [{str(tmp_path)!r}]\n"
        "from importlinter.cli import lint_imports\n"
        f"print(lint_imports({str(tmp_path / 'pyproject.toml')!r}, no_cache=True))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120,
        check=False,
    )
    assert done.stdout.strip().endswith("1"), done.stdout + done.stderr
    assert " kept, 2 broken" in done.stdout


def test_core_loads_sympy_and_flint_alone():
    loaded = json.loads(run_python(
        "import json, sys, time\n"
        "start = time.perf_counter()\n"
        "import cumulant_theory\n"
        "took = time.perf_counter() - start\n"
        "print(json.dumps([took, sorted({m.split('.')[0] for m in sys.modules})]))"
    ))
    took, modules = loaded
    print(f"import cumulant_theory took {took:.2f} s")
    assert not set(HEAVY) & set(modules)
    assert {"sympy", "flint"} <= set(modules)


@pytest.mark.parametrize("absent", ["torch", "matplotlib", "symengine", "hypothesis", "networkx"])
def test_both_packages_import_without(absent):
    run_python(
        f"import sys; sys.modules[{absent!r}] = None\n"
        "import cumulant_theory, numerics\n"
        "from cumulant_theory import laws, layers, testing\n"
        "kernel = numerics.compile(layers.Linear(2, 1), order=2, backend='numpy')\n"
        "print(kernel, dir(numerics))"
    )


def test_numerics_lists_what_it_has():
    run_python(
        "import numerics\n"
        "for name in numerics.__all__:\n"
        "    getattr(numerics, name)"
    )


def test_missing_backend_says_what_to_install():
    out = run_python(
        "import sys; sys.modules['torch'] = None\n"
        "import numerics\n"
        "from cumulant_theory import layers\n"
        "from cumulant_theory.errors import MissingDependencyError\n"
        "try:\n"
        "    numerics.compile(layers.Linear(2, 1), order=2, backend='torch')\n"
        "except MissingDependencyError as error:\n"
        "    print(error)"
    )
    assert "pip install 'cumulant-theory[torch]'" in out
