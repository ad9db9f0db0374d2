"""Cumulant recursions layer by layer, in index notation and unit by unit."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import sympy as sp

from ..arguments import brief, explained
from ..derivation import Equation
from ..errors import DomainError

_LAYERS = 8  # layers on display


@dataclass(frozen=True)
class LayerEquations:
    """The recursion across one layer, in index notation and expanded.

    Attributes
    ----------
    label
        Name of the layer, such as ``2 Pointwise``.
    rule
        ``affine`` or ``pointwise``.
    source, target
        Names of the states before and after.
    definitions
        What the symbols of the layer stand for: its weight matrix, its activation.
    indices
        Universal in the width: i, j, ... stand for any distinct units.
    expand
        Makes :attr:`expanded`: the same for every multi-index that the output needs.
    hypotheses
        Conditions used by this layer.
    notes
        Sentences: what the symbols of :attr:`indices` are, and what is not listed.
    """

    label: str
    rule: str
    source: str
    target: str
    definitions: tuple[Equation, ...]
    indices: tuple[Equation, ...]
    expand: Callable[[], tuple[Equation, ...]] = field(repr=False, compare=False)
    hypotheses: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @cached_property
    def expanded(self) -> tuple[Equation, ...]:
        """The equations unit by unit, made at the first call."""
        return self.expand()

    def __repr__(self) -> str:
        return f"LayerEquations({self.label}: {self.source} -> {self.target})"

    def _repr_latex_(self) -> str:
        from ..latex import inline_display

        return inline_display([(e.lhs, e.rhs) for e in (*self.definitions, *self.indices)])

    def _repr_html_(self) -> str:
        return self._card()

    def _card(self, room: int = 24_000) -> str:
        from ..claims import claim, claims, label_in_words
        from ..latex.html import Markup, card, equations, facts, formula

        lines = [(e.lhs, e.rhs) for e in (*self.definitions, *self.indices)]
        states = formula(sp.Symbol(self.source)), formula(sp.Symbol(self.target))
        return card(
            f"Layer {label_in_words(self.label)}", facts([
                ("from", states[0]), ("to", states[1]), ("requires", claims(self.hypotheses))]),
            claim(" ".join(self.notes)) if self.notes else Markup(""),
            equations(lines, ".indices", room=room),
        )


@dataclass(frozen=True)
class Recursion:
    """Per-layer equations of a network; nothing is composed.

    Attributes
    ----------
    layers
        One entry per rule, input side first.
    order
        Highest output order.
    hypotheses
        Conditions under which all of it holds.
    title
        What it is the recursion of.
    """

    layers: tuple[LayerEquations, ...]
    order: int
    hypotheses: tuple[str, ...] = ()
    title: str = "network"

    def equations(self, style: str = "indices") -> list[Equation]:
        """All equations in one style: ``indices`` or ``expanded``.

        Raises
        ------
        DomainError
            If the style is unknown.
        """
        if not isinstance(style, str) or style not in ("indices", "expanded"):
            raise DomainError(f"style {brief(style)} is unknown; use 'indices' or 'expanded'")
        return [
            e for layer in self.layers
            for e in (*layer.definitions, *getattr(layer, style))
        ]

    def to_latex(self, style: str = "indices") -> str:
        """The equations as LaTeX, layer by layer.

        Parameters
        ----------
        style
            ``indices``: universal in the width; ``expanded``: unit by unit.
        """
        from ..latex import display

        parts = []
        self.equations(style)
        for layer in self.layers:
            parts.append(f"% {layer.label}: {layer.source} -> {layer.target}")
            parts.extend(
                display(e.lhs, e.rhs) for e in (*layer.definitions, *getattr(layer, style))
            )
        return "\n".join(parts)

    def latex_blocks(self, style: str = "indices", prefix: str = "layer:") -> list[Any]:
        """The equations as blocks of an article, a section per layer.

        Its label is ``prefix`` and the number of the rule.
        """
        from .. import latex
        from ..claims import label_in_words, typeset_claim

        self.equations(style)
        blocks: list[Any] = []
        if self.hypotheses:
            assumed = "; ".join(map(typeset_claim, self.hypotheses))
            blocks.append(latex.Paragraph(f"Hypotheses: {assumed}."))
        for number, layer in enumerate(self.layers, 1):
            source, target = latex.symbol_tex(layer.source), latex.symbol_tex(layer.target)
            named = f"Layer {label_in_words(layer.label)}: ${source} \\to {target}$"
            blocks.append(latex.Heading(1, named, f"{prefix}{number}"))
            if layer.notes:
                blocks.append(latex.Paragraph(" ".join(map(typeset_claim, layer.notes))))
            blocks += [
                latex.Equation(e.lhs, e.rhs, order=e.order)
                for e in (*layer.definitions, *getattr(layer, style))
            ]
        return blocks

    def shown(self, prefix: str = "layer:", style: str = "indices") -> dict[str, list[Equation]]:
        """Label -> equations of :meth:`latex_blocks`, for a derivation that refers to them.

        Examples
        --------
        >>> from cumulant_theory import layers
        >>> [str(e.lhs) for e in layers.Mean(2).recursion(order=2).shown()["layer:1"]]
        ['M__1', 'kappa__z1[i]', 'kappa__z1[i_1, i_2]']
        """
        self.equations(style)
        return {
            f"{prefix}{number}": [*layer.definitions, *getattr(layer, style)]
            for number, layer in enumerate(self.layers, 1)
        }

    def article(self, style: str = "indices") -> Any:
        """The recursion as a document for :mod:`cumulant_theory.latex`."""
        from .. import latex

        return latex.Article(
            title=f"Cumulant recursion to order {self.order}", blocks=self.latex_blocks(style)
        )

    @explained
    def write_tex(self, path: str | Path, style: str = "indices") -> Path:
        """Write a standalone article; it compiles with latexmk.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        return self.article(style).write(path)

    def _repr_latex_(self) -> str:
        from ..latex import inline_display

        return inline_display(
            [(e.lhs, e.rhs) for e in self.equations()], see=".layers and .to_latex()"
        )

    def _repr_html_(self) -> str:
        from ..claims import claims
        from ..latex.html import Markup, card, facts

        head = facts([("of", self.title), ("requires", claims(self.hypotheses))])
        shown = self.layers[:_LAYERS]
        layers = [Markup(layer._card(40_000 // len(shown))) for layer in shown]
        left = len(self.layers) - _LAYERS
        note = f"… {left} more layers; see .layers" if left > 0 else ""
        return card(f"Cumulant recursion to order {self.order}", head, *layers, note=note)

    def __repr__(self) -> str:
        chain = " -> ".join([self.layers[0].source, *(layer.target for layer in self.layers)])
        return f"Recursion({self.title}: {chain}, order {self.order})"
