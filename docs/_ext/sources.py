"""Pages that are written from the packages: bibliography, API, notebooks."""

import hashlib
import inspect
import shutil
from importlib import import_module
from pathlib import Path
from typing import Any

from cumulant_theory.references import bibtex

ROOT = Path(__file__).parents[2]

# What readers import from; what these modules are made of has no page of its own.
API = {
    "cumulant_theory": "The symbolic core",
    "cumulant_theory.laws": "Laws",
    "cumulant_theory.symmetries": "Weight symmetries",
    "cumulant_theory.activations": "Activations",
    "cumulant_theory.closures": "Closures",
    "cumulant_theory.layers": "Layers",
    "cumulant_theory.layers.graphs": "Graphs",
    "cumulant_theory.cumulants": "Joint cumulants",
    "cumulant_theory.recursion": "Recursions and systems",
    "cumulant_theory.derivation": "Derivations",
    "cumulant_theory.diagrams": "Diagrams",
    "cumulant_theory.rg": "Maps on laws",
    "cumulant_theory.generalisation": "Generalisation",
    "cumulant_theory.theorems": "Theorems",
    "cumulant_theory.reparametrisations": "Parameter symmetries",
    "cumulant_theory.symbolic_width": "Symbolic width",
    "cumulant_theory.symbolic_width.families": "Families of graphs",
    "cumulant_theory.varieties": "Varieties",
    "cumulant_theory.algebra": "Algebra",
    "cumulant_theory.oracle": "Enumeration of finite laws",
    "cumulant_theory.orbits": "Orbits of multi-indices",
    "cumulant_theory.special": "Functions of the normal law",
    "cumulant_theory.parsing": "Text of laws, symmetries and activations",
    "cumulant_theory.network_language": "Text of networks",
    "cumulant_theory.latex": "LaTeX and MathML",
    "cumulant_theory.references": "References",
    "cumulant_theory.testing": "Testing tools",
    "cumulant_theory.errors": "Errors",
    "numerics": "Numerics",
    "numerics.backends": "Backends",
    "numerics.tensors": "Wide networks",
    "numerics.tasks": "Tasks",
    "numerics.training": "Training",
    "numerics.sampling": "Sampling",
    "numerics.imports": "Import of torch modules",
    "numerics.explorers": "Explorers",
    "numerics.densities": "Densities",
    "numerics.sweeps": "Sweeps",
    "numerics.study": "The study",
    "numerics.competition": "The competition",
}


def digest() -> str:
    """A name that changes with the code of the packages."""
    found = hashlib.sha256()
    for package in ("cumulant_theory", "numerics"):
        for path in sorted((ROOT / package).rglob("*.py")):
            found.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return found.hexdigest()[:16]


def write(docs: Path) -> None:
    """Write what Sphinx reads; files that did not change keep their time."""
    _put(docs / "_generated" / "references.bib", bibtex())
    _mirror(docs / "api", {f"{name}.md": _page(name, title) for name, title in API.items()})
    notebooks = sorted((ROOT / "notebooks").glob("*.py"))
    _mirror(docs / "notebooks", {path.name: path.read_text("utf-8") for path in notebooks})


def public(module: str) -> list[str]:
    """Names that a module offers, in its own order."""
    home = import_module(module)
    if hasattr(home, "__all__"):
        return list(home.__all__)
    return [
        name for name, thing in vars(home).items()
        if not name.startswith("_") and getattr(thing, "__module__", None) == module
    ]


def key(thing: Any) -> str:
    """Where an object is defined."""
    return f"{getattr(thing, '__module__', '')}.{getattr(thing, '__qualname__', '')}"


def documented() -> dict[str, str]:
    """Where an object is defined -> the name under which readers meet it, the shortest one."""
    found: dict[str, str] = {}
    for module in sorted(API, key=lambda name: (name == "cumulant_theory", name.count("."))):
        home = import_module(module)
        for name in public(module):
            thing = getattr(home, name)
            if inspect.isclass(thing) or inspect.isfunction(thing):
                found.setdefault(key(thing), f"{module}.{name}")
    return found


HOMES = documented()


def _page(name: str, title: str) -> str:
    return f"# {title}\n\n```{{public}} {name}\n```\n"


def _mirror(folder: Path, files: dict[str, str]) -> None:
    for stale in set(folder.glob("*")) - {folder / name for name in files}:
        shutil.rmtree(stale) if stale.is_dir() else stale.unlink()
    for name, text in files.items():
        _put(folder / name, text)


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    if not path.exists() or path.read_text("utf-8") != text:
        path.write_text(text, "utf-8")
