"""Systems of named polynomials, evaluated one after the other."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

import sympy as sp

from ..algebra import MultiIndex, Polynomial, Ring, check_digits, substitution
from ..arguments import brief, explained
from ..derivation import Equation
from ..errors import DomainError, NoClosedFormError


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
        from ..latex import inline_display

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
        from ..latex import inline_display

        return inline_display([(e.lhs, e.rhs) for e in self.equations()], see=".definitions")

    def __repr__(self) -> str:
        return (
            f"System({len(self.parameters)} parameters, {len(self.inputs)} inputs -> "
            f"{len(self.outputs)} outputs, {len(self.definitions)} definitions)"
        )

    def _repr_html_(self) -> str:
        from ..claims import claims
        from ..latex.html import card, equations, facts, joined

        rows = [
            ("inputs", joined(self.inputs)), ("parameters", joined(self.parameters)),
            ("outputs", joined(self.outputs.values())),
            ("definitions", len(self.definitions)), ("requires", claims(self.hypotheses)),
        ]
        lines = [(e.lhs, e.rhs) for e in self.equations()]
        named = equations(lines, ".definitions")
        return card("Closed form in named quantities", facts(rows), named)
