"""Statements of generated Python source, one definition after the other."""

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy as sp

from cumulant_theory.activations import Activation
from cumulant_theory.errors import DomainError, ShapeError, UnknownNameError

from .horner import (
    INPUT,
    PARAMETER,
    Coefficient,
    Monomial,
    Polynomial,
    Pool,
    Sum,
    exact,
    literal,
    plus,
    symbolic,
)
from .source import WIDTH, Names, add, is_long, wrap
from .system import Definition, System

SUMMANDS = 10  # per statement
NESTING = 4  # parentheses per statement


def is_polynomial(definition: Any) -> bool:
    """Whether a definition is a polynomial; one that does not say is."""
    return getattr(definition, "is_polynomial", True)


class Writer(Pool):
    """Collects the statements of one function."""

    def __init__(self, system: System) -> None:
        super().__init__()
        self.system = system
        self.names: Names = Names("wick", "pair")
        self.text: dict[int, str] = {}
        self.powers: dict[int, dict[int, str]] = {}
        self.blocks: dict[int, list[str]] = {-1: []}  # statements, by the atom they follow
        self.uses: Counter[int] = Counter()
        self.guards: dict[Any, None] = {}
        self.defined: set[sp.Basic] = set()
        self.renamed: list[tuple[str, str]] = []
        self.order: list[int] = []
        self.activations: dict[Activation, str] = {}
        for kind, symbols in ((PARAMETER, system.parameters), (INPUT, system.inputs)):
            for symbol in symbols:
                self._name(symbol, kind)

    # -- atoms ---------------------------------------------------------------------------
    def _name(self, symbol: sp.Symbol, kind: int) -> None:
        number = self.add(symbol, kind)
        self.text[number] = name = self.names.new(symbol.name)
        if name != symbol.name:
            self.renamed.append((name, symbol.name))

    def atom(self, atom: Any, where: object) -> int:
        """Return the number of a symbol or radical, writing the radical's line if new."""
        if atom in self.index:
            return self.index[atom]
        symbols = sorted(atom.free_symbols, key=str)
        if isinstance(atom, sp.Symbol) or any(s not in self.index for s in symbols):
            unknown = next(s for s in symbols if s not in self.index)
            raise UnknownNameError(
                f"the definition of {where} uses {unknown}, which is no input, parameter or "
                "earlier definition of the system; add it to one of them"
            )
        for power in atom.atoms(sp.Pow):
            if power.exp.is_negative:
                found = power.base.free_symbols & self.defined
                self.guards |= dict.fromkeys(sorted(found, key=str))
        number = self.add(atom, self.join(self.index[s] for s in symbols))
        stem = "_".join(self.text[self.index[s]] for s in symbols)
        self.text[number] = self.names.new(f"root_{stem}" if atom.is_Pow else f"factor_{stem}")
        last = max((self.index[s] for s in symbols if s in self.defined), default=-1)
        self.blocks[last].append(f"{self.text[number]} = {self._radical(atom, where)}")
        self.blocks[number] = self.blocks[last]
        return number

    def _radical(self, expr: Any, where: object) -> str:
        if expr.is_Symbol:
            return self.text[self.index[expr]]
        if not expr.free_symbols:
            return f"({literal(Fraction(expr) if expr.is_Rational else expr, where)})"
        if expr.is_Add or expr.is_Mul:
            parts = (self._radical(arg, where) for arg in expr.args)
            return f"({(' + ' if expr.is_Add else '*').join(parts)})"
        if expr.is_Pow and expr.exp.is_Rational:
            base = self._radical(expr.base, where)
            if expr.exp == -1:
                return f"(1.0/{base})"
            return f"({base}**{self._radical(expr.exp, where)})"
        raise DomainError(
            f"the definition of {where} contains {expr}, which is no sum, product or rational "
            "power; name it as a parameter and pass its value"
        )

    def power(self, number: int, exponent: int) -> str:
        """Return the name of a power, adding the products that build it."""
        if exponent == 1:
            return self.text[number]
        table = self.powers.setdefault(number, {})
        if exponent not in table:
            half = exponent // 2
            left, right = self.power(number, exponent - half), self.power(number, half)
            table[exponent] = name = self.names.new(f"{self.text[number]}_pow{exponent}")
            where = self.blocks.get(number)
            where = self.blocks[-1] if where is None else where
            where.append(f"{name} = {left}*{right}")
        return table[exponent]

    # -- one definition ------------------------------------------------------------------
    def define(self, definition: Definition) -> None:
        """Write the statements of one definition."""
        symbol = definition.symbol
        if symbol in self.index:
            raise ShapeError(
                f"the system defines {symbol}, which is already an argument or a definition; "
                "rename one of the two"
            )
        if not is_polynomial(definition):
            self._call(definition)
            return
        polynomial = self._polynomial(definition)
        kind = self.join(a for mono in polynomial for a, _ in mono)
        root = self.factor(polynomial)
        self._count(root)
        lines: list[str] = []
        self._name(symbol, kind)
        number = self.index[symbol]
        self._assign(self.text[number], root, lines, symbol)
        self.defined.add(symbol)
        self.blocks[number] = lines
        self.order.append(number)

    def _call(self, definition: Any) -> None:
        """Write the call of a primitive."""
        symbol = definition.symbol
        symbols = {s for e in definition.inputs for s in e.free_symbols}
        for s in symbols:
            self.atom(s, symbol)  # refuses unknown ones
        arguments = [self._radical(e, symbol) for e in definition.inputs]
        kind = self.join(self.index[s] for s in symbols)
        phis = tuple(getattr(definition, "activations", ())) or (definition.activation,)
        head = [self._activation(phi, symbol) for phi in phis]
        if len(phis) == 1:
            head = ["wick(" + head[0], str(definition.k), str(definition.power)]
        else:
            head = ["pair(" + head[0], head[1], *map(str, definition.powers)]
        self._name(symbol, kind)
        number = self.index[symbol]
        self.blocks[number] = [f"{self.text[number]} = {', '.join([*head, *arguments])})"]
        self.defined.add(symbol)
        self.order.append(number)

    def _activation(self, phi: Activation, where: object) -> str:
        if phi.parameters:
            names = ", ".join(map(str, phi.parameters))
            raise DomainError(
                f"the definition of {where} is a Gaussian mean of {phi!r} with the free parameters "
                f"{names}; give them values by subs before the network is compiled"
            )
        if phi not in self.activations:
            self.activations[phi] = self.names.new(phi.name or "phi")
        return self.activations[phi]

    def _polynomial(self, definition: Definition) -> Polynomial:
        result: Polynomial = {}
        for coefficient, factors in definition.terms:
            value: Coefficient = Fraction(coefficient)
            powers: Counter[int] = Counter()
            for atom, exponent in factors:
                if not isinstance(exponent, int) or exponent < 1:
                    raise ShapeError(
                        f"the definition of {definition.symbol} raises {atom} to {exponent}; "
                        "exponents are positive integers, other powers are atoms"
                    )
                if atom.free_symbols:
                    powers[self.atom(atom, definition.symbol)] += exponent
                else:
                    value = exact(symbolic(value) * atom**exponent)
            mono = tuple(sorted(powers.items()))
            if mono in result:
                value = plus(result.pop(mono), value)
            if value != 0:
                result[mono] = value
        return result

    # -- text ----------------------------------------------------------------------------
    def _count(self, total: Sum) -> None:
        for _, factors in total:
            for number, exponent in factors:
                if isinstance(self.atoms[number], tuple):
                    self.uses[number] += exponent
                    if self.uses[number] == exponent:
                        self._count(self.atoms[number])

    def _factor(
        self, number: int, exponent: int, lines: list[str], depth: int, where: object
    ) -> str:
        total = self.atoms[number]
        if isinstance(total, tuple) and number not in self.text:
            single = self.uses[number] == 1 and exponent == 1 and self.kind[number] != INPUT
            if single and depth < NESTING and len(total) <= SUMMANDS:
                inner = [self._summand(s, lines, depth + 1, where) for s in total]
                text = add(inner)
                if len(text) <= 4 * WIDTH:
                    return f"({text})"
                name = self.names.numbered("t")
                lines.append(f"{name} = {text}")
            else:
                name = self.names.numbered("c" if self.kind[number] == INPUT else "t")
                self._assign(name, total, lines, where)
            self.text[number] = name
            self.blocks[number] = lines
        return self.power(number, exponent)

    def _summand(
        self, summand: tuple[Coefficient, Monomial], lines: list[str], depth: int, where: object
    ) -> str:
        value, factors = summand
        ordered = sorted(factors, key=lambda f: (self.kind[f[0]] != INPUT, f[0]))
        parts = [self._factor(a, e, lines, depth, where) for a, e in ordered]
        scalars = sum(self.kind[a] == INPUT for a, _ in ordered)
        if parts[scalars:] and (scalars or abs(value) != 1) and len(parts) - scalars > 1:
            parts[scalars:] = [f"({'*'.join(parts[scalars:])})"]
        if not parts or abs(value) != 1:
            parts.insert(0, literal(value, where))
        elif value == -1:
            parts[0] = f"-{parts[0]}"
        return "*".join(parts)

    def _assign(self, name: str, total: Sum, lines: list[str], where: object) -> None:
        texts: list[str] = []
        first = True
        for position, summand in enumerate(total):
            texts.append(self._summand(summand, lines, 0, where))
            last = position == len(total) - 1
            if last or len(texts) == SUMMANDS or sum(map(len, texts)) > 4 * WIDTH:
                lines.append(f"{name} = {add(texts if first else [name, *texts])}")
                texts, first = [], False
        if not total:
            lines.append(f"{name} = 0.0")

    def value(self, symbol: Any) -> str:
        """Return the text of an output."""
        if symbol in self.index:
            return self.text[self.index[symbol]]
        if isinstance(symbol, sp.Expr) and symbol.is_number:
            return literal(symbol, "an output")
        raise UnknownNameError.of(
            "output symbol", symbol, (s.name for s in self.index if isinstance(s, sp.Symbol))
        )

    def source(self, outputs: Mapping[Any, sp.Symbol], returned: Sequence[str]) -> str:
        """Join everything into one function."""
        parameters = [self.text[self.index[s]] for s in self.system.parameters]
        inputs = [self.text[self.index[s]] for s in self.system.inputs]
        pairs = []
        for key, text in zip(outputs, returned, strict=False):
            plain = isinstance(key, tuple) and all(type(i) is int for i in key)
            pairs.append(f"{text} for {key}" if plain or type(key) is int else text)
        pairs += [f"{text} (to be checked for overflow)" for text in returned[len(outputs) :]]
        doc = ['"""Evaluate cumulants.', "", "Parameters", "----------"]
        for label, names in (("weights", parameters), ("input cumulants", inputs)):
            if names:
                doc += [*wrap(", ".join(names)), f"    {label}, numbers or arrays"]
        doc += ["", "Returns", "-------", "tuple"]
        doc += [f"    {line}" for line in wrap(", ".join(pairs))] + ['"""']
        # !a keeps line breaks and quotes of a symbol's name out of the source.
        doc += [f"# {name} is the symbol {original[:60]!a}" for name, original in self.renamed]
        body = doc
        if self.activations:
            body += [
                "# wick(phi, m, p, mean, variance): m-th derivative in the mean of E phi(z)**p",
                "# pair(phi, psi, p, q, means, variances, covariance): Cov(phi(x)**p, psi(y)**q)",
                *(f"# {name}: {str(phi)[:80]}" for phi, name in self.activations.items()),
            ]
        if self.blocks[-1]:
            body += ["# shared powers", *self.blocks[-1]]
        for number in self.order:
            body += self.blocks[number]
        body.append(f"return ({', '.join(returned)},)")
        head = wrap(f"def kernel({', '.join([*parameters, *inputs])}):", "        ")
        text = [line for s in body for line in (wrap(s, "    ") if is_long(s) else [s])]
        return "\n".join([*head, *(f"    {line}".rstrip() for line in text)]) + "\n"
