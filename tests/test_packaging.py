"""The distribution, the reader's commands, and the files that a reader meets first."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import pytest
from lowest import constraints

import cumulant_theory
import numerics

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PATH = os.environ.get("PATH", "")
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}  # it may name the tree
DOCUMENTS = ("README.md", "CHANGELOG.md", "LICENSE")
OF_THE_TESTS = ("docs/study.md", "docs/images/demo.png")

WHOLE = os.environ.get("WHEEL_TESTS") == "all"
QUICK = [f"test_{n}.py" for n in ("algebra", "comparison", "kstatistics")]
OF_THE_TREE = {
    f"test_{n}.py" for n in ("architecture", "docs", "lab", "notebooks", "packaging")
}
UNTYPED = {
    "EigenvalueOf", "NormalCDF", "NormalPDF", "NormalPartialMoment", "OwenT", "PairIntegral",
    "WickIntegral", "_Opaque", "as_images",
}


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


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """The source distribution, and the wheel built from it."""
    source = tmp_path_factory.mktemp("source")
    for folder in ("cumulant_theory", "numerics", "tests", "benchmarks"):
        shutil.copytree(
            ROOT / folder, source / folder,
            ignore=shutil.ignore_patterns("__pycache__", "node_modules"),
        )
    for file in ("pyproject.toml", "MANIFEST.in", "Makefile", *DOCUMENTS):
        shutil.copy(ROOT / file, source)
    copy_documents(source)
    done = subprocess.run(
        [sys.executable, "-m", "build", "--outdir", "dist", "."],
        cwd=source, capture_output=True, text=True, timeout=300, check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (sdist,) = (source / "dist").glob("*.tar.gz")
    (wheel,) = (source / "dist").glob("*.whl")
    return sdist, wheel


def copy_documents(place: Path) -> None:
    """What tests read besides themselves."""
    for name in OF_THE_TESTS:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, place / name)


def modules() -> set[str]:
    """Python files of both packages, and the marks that they are typed."""
    return {
        p.relative_to(ROOT).as_posix()
        for package in ("cumulant_theory", "numerics")
        for pattern in ("*.py", "py.typed") for p in (ROOT / package).rglob(pattern)
    }


def test_wheel_holds_both_packages_and_nothing_else(archives):
    inside = zipfile.ZipFile(archives[1]).namelist()
    assert {n.split("/")[0].split("-")[0] for n in inside} == {"cumulant_theory", "numerics"}
    assert modules() <= set(inside)
    assert {"cumulant_theory/py.typed", "numerics/py.typed"} <= modules()
    assert any(n.endswith("licenses/LICENSE") for n in inside)


def test_source_distribution_holds_the_tests_too(archives):
    with tarfile.open(archives[0]) as archive:
        inside = {name.partition("/")[2] for name in archive.getnames()}
    tests = {f"tests/{p.name}" for p in (ROOT / "tests").glob("*.py")}
    assert modules() | tests | {"pyproject.toml", *DOCUMENTS, *OF_THE_TESTS} <= inside
    assert not [name for name in inside if "node_modules" in name or "__pycache__" in name]


def run(place: Path, *command: str | Path, **more: str) -> str:
    """What a command of the environment beside `place` prints."""
    path = os.pathsep.join([str(place.parent / "venv/bin"), PATH])
    done = subprocess.run(
        [shutil.which(command[0], path=path) or command[0], *command[1:]], cwd=place,
        capture_output=True, text=True, timeout=7200 if WHOLE else 300, check=False,
        env={**ENVIRONMENT, "PATH": path, **more},
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def place(archives, tmp_path_factory):
    """An empty folder; beside it an environment with the wheel, its dependencies from here."""
    home = tmp_path_factory.mktemp("outside")
    venv.create(home / "venv", with_pip=False, symlinks=True)
    (packages,) = (home / "venv" / "lib").glob("python*/site-packages")
    paths = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (packages / "dependencies.pth").write_text("\n".join(sorted(paths)))
    (home / "empty").mkdir()
    run(
        home / "empty", sys.executable, "-m", "pip", "--python", home / "venv/bin/python",
        "install", "--no-deps", "--no-index", "--quiet", archives[1],
    )
    return home / "empty"


@pytest.mark.slow
class TestOutside:
    """The installed wheel in an environment of its own, away from the source tree."""

    def test_one_version(self, place):
        version = PROJECT["version"]
        code = (
            "import cumulant_theory as c, numerics as nm\n"
            "print(c.__version__, nm.__version__, c.__file__, nm.__file__)"
        )
        *versions, theory, numbers = run(place, "python", "-c", code).split()
        assert versions == [version, version]
        assert all(Path(f).is_relative_to(place.parent / "venv") for f in (theory, numbers))
        assert run(place, "cumulants", "--version") == f"cumulants {version}\n"

    def test_readme_example(self, place):
        shutil.copy(ROOT / "README.md", place)
        options = ("-o", "ELLIPSIS", "-o", "NORMALIZE_WHITESPACE")
        assert run(place, "python", "-m", "doctest", *options, "README.md") == ""

    def test_commands(self, place):
        shown = run(place, "cumulants", "derive", "--layers", "blocksum(b)", "--verify")
        assert "verified: " in shown
        assert "quadratic_sharing" in run(place, "cumulants", "theorems")

    def test_suite(self, place):
        """A part that takes seconds; with WHEEL_TESTS=all everything that reads no source tree."""
        shutil.copytree(
            ROOT / "tests", place / "tests",
            ignore=shutil.ignore_patterns("__pycache__", "node_modules"),
        )
        copy_documents(place)
        ours = sorted(p.name for p in (place / "tests").glob("test_*.py"))
        chosen = [n for n in ours if n not in OF_THE_TREE] if WHOLE else QUICK
        assert set(chosen) <= set(ours)
        shown = run(
            place, "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull,
            "--rootdir", ".", *(f"tests/{name}" for name in chosen),
        )
        assert re.search(r"\d+ passed", shown)

    @pytest.mark.parametrize("package", ["cumulant_theory", "numerics"])
    def test_every_public_type_is_known(self, place, package):
        """All but classes derived from SymPy's and one union with one: SymPy carries no types."""
        folder = str(Path(sys.executable).parent)
        command = shutil.which("basedpyright", path=os.pathsep.join([folder, PATH]))
        if command is None:
            pytest.skip("basedpyright is not installed")
        (place / "types").mkdir(exist_ok=True)
        done = subprocess.run(
            [command, "--verifytypes", package, "--ignoreexternal", "--outputjson"],
            cwd=place / "types", capture_output=True, text=True, timeout=300, check=False,
            env={**ENVIRONMENT, "PATH": os.pathsep.join([str(place.parent / "venv/bin"), PATH])},
        )
        found = json.loads(done.stdout)["typeCompleteness"]
        assert len(found["symbols"]) > 1000
        unknown = {s["name"].rpartition(".")[2] for s in found["symbols"] if not s["isTypeKnown"]}
        assert unknown == (UNTYPED if package == "cumulant_theory" else set())


def test_lowest_versions_are_those_of_the_project():
    lines = constraints(PROJECT["optional-dependencies"].keys() - {"docs", "bench", "dev"})
    names = [re.split(r"[=;]", line)[0] for line in lines]
    assert len(names) == len(set(names))
    assert {"sympy", "python-flint", "numpy", "torch", "hypothesis"} <= set(names)
    installed = {name: version(name) for name in names if is_installed(name)}
    for line in lines:
        name, bound = line.split(";")[0].split("==")
        if name in installed:
            assert numbers(installed[name]) >= numbers(bound), line


def is_installed(name: str) -> bool:
    try:
        return bool(version(name))
    except PackageNotFoundError:
        return False


def numbers(text: str) -> list[int]:
    return [int(n) for n in re.findall(r"\d+", text.partition("+")[0])]


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
