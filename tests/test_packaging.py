"""The distribution, the reader's commands, and the files that a reader meets first."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import requires
from pathlib import Path

import pytest

import cumulant_theory
import numerics

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def name_of(requirement: str) -> str:
    return re.split(r"[\s\[<>=!~;]", requirement, maxsplit=1)[0].lower()


def test_core_requires_sympy_and_flint_alone():
    assert {name_of(r) for r in PROJECT["dependencies"]} == {"sympy", "python-flint"}


def test_installed_distribution_agrees():
    try:
        found = requires("cumulant-theory") or []
    except ImportError:
        pytest.skip("the distribution is not installed")
    plain = {name_of(r) for r in found if "extra ==" not in r}
    assert plain == {"sympy", "python-flint"}


def test_wheel_holds_both_packages_and_nothing_else(tmp_path):
    for folder in ("cumulant_theory", "numerics", "tests", "benchmarks"):
        shutil.copytree(
            ROOT / folder, tmp_path / folder,
            ignore=shutil.ignore_patterns("__pycache__", "node_modules"),
        )
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "-w", "dist", "."],
        cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    inside = zipfile.ZipFile(wheel).namelist()
    assert {n.split("/")[0].split("-")[0] for n in inside} == {"cumulant_theory", "numerics"}
    here = {
        p.relative_to(ROOT).as_posix()
        for package in ("cumulant_theory", "numerics") for p in (ROOT / package).rglob("*.py")
    }
    assert here <= set(inside)
    assert any(n.endswith("licenses/LICENSE") for n in inside)


def test_public_names_exist():
    for module in (cumulant_theory, numerics):
        missing = [n for n in module.__all__ if not hasattr(module, n)]
        assert not missing
        assert sorted(module.__all__) == module.__all__


def test_changelog_has_the_version():
    text = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(rf"^## \[{re.escape(PROJECT['version'])}\]", text, re.MULTILINE)


def test_links_of_the_documents_lead_somewhere():
    broken = []
    for page in (ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#]+)", page.read_text()):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert not broken


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
class TestMake:
    def make(self, *arguments, **more):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
        return subprocess.run(
            ["make", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60,
            check=False, env=environment, **more,
        )

    def test_help_lists_the_commands(self):
        shown = self.make("help").stdout
        for command in ("demo", "test", "bench", "lint", "clean"):
            assert f"make {command} " in shown

    @pytest.mark.parametrize("command", ["demo", "test"])
    def test_everything_from_nothing(self, command, tmp_path):
        """Environment, torch, the package, the run: in this order."""
        steps = self.make("-n", command, f"VENV={tmp_path / 'venv'}").stdout
        last = {"demo": "cumulants study", "test": "-m pytest"}[command]
        places = [steps.index(s) for s in ("-m venv", "install torch==", 'install -e ".[dev]"',
                                           last)]
        assert places == sorted(places)

    def test_second_call_installs_nothing(self, tmp_path):
        venv = tmp_path / "venv"
        venv.mkdir()
        for stamp in (".created", ".torch", ".installed"):
            (venv / stamp).touch()
        assert "pip" not in self.make("-n", "demo", f"VENV={venv}").stdout

    def test_missing_python_is_said_clearly(self, tmp_path):
        done = self.make("lint", f"VENV={tmp_path / 'venv'}", "PYTHON=no-such-python")
        assert done.returncode != 0
        assert "install Python 3.11 or newer" in done.stderr

    def test_old_python_is_said_clearly(self, tmp_path):
        old = tmp_path / "old-python"
        old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit\nexit 1\n')
        old.chmod(0o755)
        done = self.make("lint", f"VENV={tmp_path / 'venv'}", f"PYTHON={old}")
        assert done.returncode != 0
        assert "is Python 3.9.2; this needs Python 3.11 or newer" in done.stderr


class TestBenchmarks:
    def test_every_module_is_in_the_table(self):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks", "--help"], cwd=ROOT, capture_output=True,
            text=True, timeout=120, check=True,
        )
        names = {p.stem for p in (ROOT / "benchmarks").glob("[a-z]*.py")}
        assert {"kernels", "kstatistics", "symbolic"} <= names <= set(done.stdout.split())

    def test_a_missing_peer_is_a_row_that_says_so(self):
        code = (
            "import sys; sys.modules['PyMoments'] = None\n"
            "from benchmarks.__main__ import main; main(['kstatistics'])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "PyMoments (not installed)" in done.stdout

    def test_counts_of_terms(self):
        """The numbers of terms of the design, by the benchmark's own code."""
        code = (
            "from benchmarks.symbolic import structured_rows, symmetry_rows\n"
            "for row in (*structured_rows(), *symmetry_rows()):\n"
            "    print(row['ours_s'], row['reach'])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        pairs = [line.split() for line in done.stdout.splitlines()]
        assert len(pairs) == 6
        assert all(found == expected for found, expected in pairs), pairs
