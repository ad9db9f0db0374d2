"""Cumulant recursions as data: named quantities, one equation per order, never composed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import sympy as sp

from .algebra import MultiIndex, Polynomial, Ring, check_digits, substitution
from .arguments import brief, explained
from .derivation import Equation
from .errors import DomainError, NoClosedFormError


@dataclass(frozen=True)
class Definition:
    """A named polynomial in quantities named before it.

    Attributes
    ----------
    symbol
        The name.
    polynomial
        The exact value.
    order
        Order of the cumulant it names, 0 where it is none.
    """

    symbol: sp.Symbol
    polynomial: Polynomial
    order: int = 0

    is_polynomial: ClassVar[bool] = True

    @property
    def terms(self) -> list[tuple[Fraction, tuple[tuple[sp.Expr, int], ...]]]:
        """(coefficient, ((atom, exponent), ...)) per term."""
        return self.polynomial.terms

    @property
    def expr(self) -> sp.Expr:
        """The value as a SymPy expression."""
        return self.polynomial.expr

    @explained
    def subs(self, values: Mapping[Any, Any]) -> "Definition":
        """With symbols in the value replaced by exact values."""
        value = self.expr.subs(substitution(values))
        return Definition(self.symbol, Polynomial.of(value), self.order)

    def _repr_latex_(self) -> str:
        from .latex import inline_display

        return inline_display([(self.symbol, self.expr)])


@dataclass(frozen=True)
class System:
    """Definitions in evaluation order, from input cumulants and parameters to outputs.

    This is the structured closed form: what is printed, compiled and differentiated.

    Attributes
    ----------
    inputs
        Input cumulants.
    parameters
        Weights, biases, activation coefficients.
    definitions
        In evaluation order.
    outputs
        Multi-index of the output cumulant -> defined symbol.
    hypotheses
        Under which the system holds.
    """

    inputs: tuple[sp.Symbol, ...]
    parameters: tuple[sp.Symbol, ...]
    definitions: tuple[Definition, ...]
    outputs: Mapping[MultiIndex, sp.Symbol]
    hypotheses: tuple[str, ...] = ()

    @property
    def terms(self) -> int:
        """Number of terms in all definitions."""
        return sum(len(d.polynomial) for d in self.definitions)

    @explained
    def evaluate(self, values: Mapping[Any, Any]) -> dict[MultiIndex, Fraction]:
        """Exact output cumulants at rational inputs and parameters.

        Raises
        ------
        DomainError
            If a value is missing.
        NoClosedFormError
            If a definition is no polynomial, so that its value is no fraction.
        """
        opaque = [str(d.symbol) for d in self.definitions if not d.is_polynomial]
        if opaque:
            raise NoClosedFormError(
                f"{opaque[0]} is a Gaussian expectation, not a polynomial, so the system has no "
                "values in fractions; use evalf(values, digits)"
            )
        point: dict[sp.Expr, Fraction] = {}
        for symbol, value in substitution(values).items():
            if not isinstance(value, sp.Rational):
                raise DomainError(
                    f"evaluate: {symbol} is {brief(value)}, no rational number; use "
                    "evalf(values, digits)"
                )
            point[symbol] = Fraction(int(value.p), int(value.q))
        self._require(point)
        for definition in self.definitions:
            point[definition.symbol] = definition.polynomial.evaluate(point)
        return {alpha: point[symbol] for alpha, symbol in self.outputs.items()}

    def _require(self, point: Mapping[sp.Expr, Any]) -> None:
        missing = [str(s) for s in (*self.inputs, *self.parameters) if s not in point]
        if missing:
            raise DomainError(f"no value for {', '.join(missing)}")

    @explained
    def evalf(self, values: Mapping[Any, Any], digits: int = 15) -> dict[MultiIndex, sp.Float]:
        """Output cumulants as numbers, Gaussian expectations included.

        Parameters
        ----------
        values
            Symbol or name -> exact value of every input and parameter.
        digits
            Decimal digits that the arithmetic carries.

        Raises
        ------
        DomainError
            If a value is missing.

        Examples
        --------
        >>> from cumulant_theory import activations, laws, layers
        >>> net = layers.Linear(1, 1) >> layers.Pointwise(activations.get("relu"))
        >>> net.system(1, laws.Normal(0, 1)).evalf({"W__1": 2})
        {(1,): 0.797884560802865}
        """
        digits = check_digits(digits, "evalf")
        point: dict[Any, Any] = {
            k: sp.N(v, digits) for k, v in substitution(values).items()
        }
        self._require(point)
        for d in self.definitions:
            if d.is_polynomial:
                value: Any = sp.Add(*(
                    sp.Mul(sp.Rational(c.numerator, c.denominator), *(
                        point.get(a, a) ** e for a, e in monomial
                    )) for c, monomial in d.terms
                ))
            else:
                value = d.expr.subs(point)
            point[d.symbol] = sp.N(value, digits)
        return {alpha: point[symbol] for alpha, symbol in self.outputs.items()}

    def expand(self) -> dict[MultiIndex, Polynomial]:
        """Every output as one polynomial in inputs and parameters: the flattened form.

        Names of Gaussian expectations stay.
        """
        polynomials = [d for d in self.definitions if d.is_polynomial]
        named = [d.symbol for d in self.definitions if not d.is_polynomial]
        ring = Ring.of([*self.inputs, *self.parameters, *named, *(
            a for d in polynomials for a in d.polynomial.ring.atoms
            if not (isinstance(a, sp.Symbol))
        )])
        images: dict[sp.Expr, Any] = {}
        for d in polynomials:
            images[d.symbol] = d.polynomial.ring.compose(d.polynomial.element, images, ring)
        return {a: Polynomial(ring, images[s]) for a, s in self.outputs.items()}

    def equations(self) -> list[Equation]:
        """The definitions as equations."""
        return [Equation(d.symbol, d.expr, d.order) for d in self.definitions]

    def _repr_latex_(self) -> str:
        from .latex import inline_display

        return inline_display([(e.lhs, e.rhs) for e in self.equations()], see=".definitions")

    def __repr__(self) -> str:
        return (
            f"System({len(self.parameters)} parameters, {len(self.inputs)} inputs -> "
            f"{len(self.outputs)} outputs, {len(self.definitions)} definitions)"
        )

    def _repr_html_(self) -> str:
        from .claims import claims
        from .latex.html import card, equations, facts, joined

        rows = [
            ("inputs", joined(self.inputs)), ("parameters", joined(self.parameters)),
            ("outputs", joined(self.outputs.values())),
            ("definitions", len(self.definitions)), ("requires", claims(self.hypotheses)),
        ]
        lines = [(e.lhs, e.rhs) for e in self.equations()]
        named = equations(lines, ".definitions")
        return card("Closed form in named quantities", facts(rows), named)


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
        from .latex import inline_display

        return inline_display([(e.lhs, e.rhs) for e in (*self.definitions, *self.indices)])

    def _repr_html_(self) -> str:
        return self._card()

    def _card(self, room: int = 24_000) -> str:
        from .claims import claim, claims, label_in_words
        from .latex.html import Markup, card, equations, facts, formula

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
        from .latex import display

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
        from . import latex
        from .claims import label_in_words, typeset_claim

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
        """Label -> equations of :meth:`latex_blocks`, for a derivation that refers to them."""
        self.equations(style)
        return {
            f"{prefix}{number}": [*layer.definitions, *getattr(layer, style)]
            for number, layer in enumerate(self.layers, 1)
        }

    def article(self, style: str = "indices") -> Any:
        """The recursion as a document for :mod:`cumulant_theory.latex`."""
        from . import latex

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
        from .latex import inline_display

        return inline_display(
            [(e.lhs, e.rhs) for e in self.equations()], see=".layers and .to_latex()"
        )

    def _repr_html_(self) -> str:
        from .claims import claims
        from .latex.html import Markup, card, facts

        head = facts([("of", self.title), ("requires", claims(self.hypotheses))])
        shown = self.layers[:_LAYERS]
        layers = [Markup(layer._card(40_000 // len(shown))) for layer in shown]
        left = len(self.layers) - _LAYERS
        note = f"… {left} more layers; see .layers" if left > 0 else ""
        return card(f"Cumulant recursion to order {self.order}", head, *layers, note=note)

    def __repr__(self) -> str:
        chain = " -> ".join([self.layers[0].source, *(layer.target for layer in self.layers)])
        return f"Recursion({self.title}: {chain}, order {self.order})"


_LAYERS = 8  # layers on display
