"""API pages: docstrings as they are typed, and names found where readers import them from."""

import inspect
import re
from importlib import import_module
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from registries import summary, table
from sources import API, HOMES, key, public
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

# Names that mean one object wherever they are read.
BARE = {
    name: place for name, place in ((p.rpartition(".")[2], p) for p in HOMES.values())
    if sum(p.endswith(f".{name}") for p in HOMES.values()) == 1
}
_OURS = ("cumulant_theory", "numerics")
_COLON = "\ue000"
_NOTE = re.compile(r"^\s*\.\. \[(\d+)\] ")
_CODE = re.compile(r"(``.*?``|:\w+:`[^`]*`|`[^`]*`)")


class PublicDirective(SphinxDirective):
    """The public names of a module; those that have a page elsewhere are linked there."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Docstring, table of names at home elsewhere, and the members."""
        module = self.arguments[0]
        home = import_module(module)
        lines = ["```{eval-rst}", f".. automodule:: {module}", ""]
        elsewhere = []
        for name in public(module):
            thing = getattr(home, name)
            if inspect.ismodule(thing):
                if thing.__name__ in API:
                    elsewhere.append((f"[{name}]({thing.__name__}.md)", summary(thing)))
                continue
            kind = "class" if inspect.isclass(thing) else "function"
            place = HOMES.get(key(thing), f"{module}.{name}")
            if place != f"{module}.{name}":
                role = "class" if kind == "class" else "func"
                elsewhere.append((f"{{py:{role}}}`{name} <{place}>`", summary(thing)))
            elif kind == "class":
                known = any(key(b) in HOMES for b in thing.__bases__)
                lines += [f".. autoclass:: {module}.{name}", "   :members:",
                          *(["   :show-inheritance:"] if known else []), ""]
            elif callable(thing):
                lines += [f".. autofunction:: {module}.{name}", ""]
        box = nodes.container()
        self.state.nested_parse(StringList([*lines, "```"], ""), self.content_offset, box)
        found: list[nodes.Node] = list(box.children)
        if elsewhere:
            cells = [[self.cell(t) for t in row] for row in elsewhere]
            found.insert(0, table(("name", "what"), cells, (30, 70)))
        return found

    def cell(self, text: str) -> list[nodes.Node]:
        """Nodes of a line of MyST."""
        box = nodes.container()
        self.state.nested_parse(StringList([text], ""), self.content_offset, box)
        return list(box.children)


def literal(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]
) -> None:
    """Docstrings are plain text with code in backquotes: bars, stars and x_ mean themselves."""
    example = False
    for k, line in enumerate(lines):
        example = bool(line.strip()) and (example or line.lstrip().startswith(">>>"))
        if example or (line.lstrip().startswith((":", "..")) and not _NOTE.match(line)):
            continue
        parts = _CODE.split(_NOTE.sub(r"[\1] ", line).replace("]_", "]"))
        for i in range(0, len(parts), 2):
            parts[i] = re.sub(r"(?<!\\)([|*])", r"\\\1", parts[i])
            parts[i] = re.sub(r"(?<!\\)_(?!\w)", r"\\_", parts[i])
        lines[k] = "".join(parts)
    if what in ("property", "attribute") and lines:
        lines[0] = lines[0].replace(": ", _COLON)  # no type in front of it


def colons(
    app: Sphinx, what: str, name: str, thing: Any, options: Any, lines: list[str]
) -> None:
    """Put the colons of :func:`literal` back."""
    lines[:] = [line.replace(_COLON, ": ") for line in lines]


def bases(app: Sphinx, name: str, thing: Any, options: Any, found: list[type]) -> None:
    """Show bases that readers can look up, and no others."""
    found[:] = [b for b in found if key(b) in HOMES]


def place_of(target: str, module: str = "") -> str | None:
    """Public name of what a reference means: a path of definition, an alias, or a bare name."""
    if module and "." not in target.removeprefix(f"{module}."):
        near = [p for p in HOMES.values() if p.endswith(f".{target}")]
        near.sort(key=lambda p: sum(a == b for a, b in zip(p.split("."), module.split("."),
                                                           strict=False)))
        if near:
            return near[-1]
    head, _, member = target.partition("(")[0].rpartition(".")
    if target in HOMES:
        return HOMES[target]
    if target in BARE:
        return BARE[target]
    for path, rest in ((target, ""), (head, member)):
        home, _, name = path.rpartition(".")
        if not home.startswith(_OURS):
            continue
        try:
            thing = getattr(import_module(home), name)
        except (ImportError, AttributeError):
            continue
        if key(thing) in HOMES:
            return HOMES[key(thing)] + (f".{rest}" if rest else "")
    owner = HOMES.get(head) or BARE.get(head)
    if owner is None and module and head:
        owner = place_of(head, module)
    return f"{owner}.{member}" if owner else None


def is_class(place: str) -> bool:
    """Whether a public name is that of a class."""
    home, _, name = place.rpartition(".")
    return home in API and inspect.isclass(getattr(import_module(home), name, None))


def tidy(app: Sphinx, doctree: nodes.document) -> None:
    """No blank line at the end of code; types are words, unless they name a public object."""
    for block in doctree.findall(nodes.literal_block):
        text = block.astext().rstrip()
        if block.rawsource == block.astext():
            block.rawsource = text
            block.children = [nodes.Text(text)]
    for node in list(doctree.findall(pending_xref)):
        if node.get("refdomain") != "py" or not node.get("refspecific"):
            continue
        target = place_of(str(node["reftarget"])) if node["reftype"] != "obj" else None
        if target is None or not is_class(target):
            node.replace_self(list(node.children))
        else:
            node["reftarget"], node["refspecific"] = target, False


def resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.Element
) -> nodes.Node | None:
    """A reference by another path than the public one."""
    if node.get("refdomain") != "py":
        return None
    target = place_of(str(node["reftarget"]), str(node.get("py:module") or ""))
    if target is None or target == node["reftarget"]:
        return None
    domain = env.get_domain("py")
    return domain.resolve_xref(
        env, str(node["refdoc"]), app.builder, "obj", target, node, content
    )


def setup(app: Sphinx) -> dict[str, Any]:
    """Register directive and handlers."""
    app.add_directive("public", PublicDirective)
    app.connect("autodoc-process-docstring", literal, priority=100)
    app.connect("autodoc-process-docstring", colons, priority=900)
    app.connect("autodoc-process-bases", bases)
    app.connect("doctree-read", tidy)
    app.connect("missing-reference", resolve)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
