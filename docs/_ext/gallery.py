"""A card per notebook: title, first paragraph, and the first picture that it draws."""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class Cards(nodes.General, nodes.Element):
    """Place of the cards, until all notebooks have run."""


class GalleryDirective(SphinxDirective):
    """Cards of all notebooks."""

    def run(self) -> list[nodes.Node]:
        """A place to fill."""
        return [Cards()]


def fill(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put the cards where they belong."""
    for place in list(doctree.findall(Cards)):
        names = sorted(n for n in app.env.found_docs if n.startswith("notebooks/"))
        place.replace_self([card(app, name, page) for name in names])


def card(app: Sphinx, name: str, page: str) -> nodes.Node:
    """Picture and first words of one notebook."""
    doctree = app.env.get_doctree(name)
    target = app.builder.get_relative_uri(page, name)
    title = app.env.titles[name].astext()
    left = nodes.container()
    picture = next((i for i in doctree.findall(nodes.image)), None)
    if picture is not None:
        shown = nodes.image(uri=picture["uri"], alt=title, candidates=dict(picture["candidates"]))
        left += nodes.paragraph("", "", nodes.reference("", "", shown, refuri=target))
    right = nodes.container()
    right += nodes.paragraph("", "", nodes.reference("", "", nodes.strong(text=title),
                                                     refuri=target, internal=True))
    first = next(iter(doctree.findall(nodes.paragraph)), None)
    if first is not None:
        right += first.deepcopy()
    return nodes.container("", left, right, classes=["gallery"])


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_node(Cards)
    app.add_directive("gallery", GalleryDirective)
    app.connect("doctree-resolved", fill)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
