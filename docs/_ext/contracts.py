"""The directions of imports as a drawing, from the import contracts of pyproject.toml."""

import tomllib
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]
_WIDTH, _ROW, _GAP, _BOX, _PAD = 720, 30, 14, 8.0, 18


def contracts() -> list[dict[str, Any]]:
    """The contracts as they are checked."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return settings["tool"]["importlinter"]["contracts"]


def drawing(layers: list[list[str]], package: str) -> str:
    """Rows of modules, the highest on top, with an arrow from each row to the next."""
    parts, y = [], 6
    middle = _WIDTH / 2
    for row, names in enumerate(layers):
        widths = [len(name) * _BOX + _PAD for name in names]
        x = middle - (sum(widths) + _GAP * (len(names) - 1)) / 2
        for name, width in zip(names, widths, strict=True):
            parts.append(
                f'<g><title>{escape(package)}.{escape(name)}</title>'
                f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{_ROW}" rx="4"/>'
                f'<text x="{x + width / 2:.1f}" y="{y + 20}">{escape(name)}</text></g>'
            )
            x += width + _GAP
        y += _ROW
        if row + 1 < len(layers):
            parts.append(
                f'<path d="M{middle} {y + 2} v{_GAP - 2} m-4 -5 l4 5 l4 -5"/>'
            )
            y += _GAP + 4
    return (
        f'<svg class="import-layers" role="img" viewBox="0 0 {_WIDTH} {y + 6}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>Layers of {escape(package)}</title>'
        + "".join(parts) + "</svg>"
    )


class ContractsDirective(SphinxDirective):
    """Draw the contracts that order layers, tabulate those that forbid."""

    def run(self) -> list[nodes.Node]:
        """A drawing per layers contract and a table of the others."""
        self.env.note_dependency(str(ROOT / "pyproject.toml"))
        shown: list[nodes.Node] = []
        rows = []
        for contract in contracts():
            if contract["type"] == "layers":
                ranks = [[n.strip() for n in row.split("|")] for row in contract["layers"]]
                for package in contract["containers"]:
                    shown.append(nodes.raw("", drawing(ranks, package), format="html"))
            else:
                allowed = [i.split(" -> ")[0] for i in contract.get("ignore_imports", ())]
                rows.append((
                    contract["name"], ", ".join(contract["forbidden_modules"]),
                    ", ".join(dict.fromkeys(allowed)) or "none",
                ))
        from registries import table

        header = ("contract", "forbidden", "except in")
        cells = [[nodes.Text(r[0]), *(nodes.literal(text=t) if t != "none" else nodes.Text(t)
                                      for t in r[1:])] for r in rows]
        return [*shown, table(header, cells, (28, 30, 42))]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("import-contracts", ContractsDirective)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
