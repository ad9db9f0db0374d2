"""SymPy expressions as LaTeX, with the symbol names of this toolkit."""

# The method names are those that SymPy dispatches to.
# ruff: noqa: N802, N815
import re
from functools import lru_cache

import sympy as sp
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE

from cumulant_theory.arguments import check_instance, explained
from cumulant_theory.latex._names import name_parts, natural, symbol_tex

__all__ = ["latex", "split_terms"]


@lru_cache(maxsize=65536)
def _factor_key(factor: sp.Basic) -> tuple:
    base = factor.base if isinstance(factor, sp.Pow) else factor
    if isinstance(base, sp.Symbol):
        late, name = base.name.startswith(("kappa", "κ")), base.name
    elif isinstance(base, sp.Indexed):
        text = str(base)
        late, name = text.startswith(("kappa", "κ")), text
    else:
        late, name = False, str(base) if base.is_Atom else f"~{base.func.__name__}"
    rank = 4 if isinstance(base, sp.Sum) else 3 if base.is_Add else 2 if late else 1
    rank = 0 if base.is_Symbol and base.is_integer else rank  # such as k in k e_k
    return rank, natural(name)


def _degree(term: sp.Basic) -> sp.Rational | sp.Integer:
    if term.is_Mul:
        return sum((_degree(a) for a in term.args), sp.Integer(0))
    if term.is_Add:
        return max((_degree(a) for a in term.args), default=sp.Integer(0))
    if isinstance(term, sp.Pow) and not term.is_number:
        exponent = term.exp if term.exp.is_Rational else sp.Integer(1)
        return _degree(term.base) * exponent
    if isinstance(term, sp.Sum):
        return _degree(term.function)
    return sp.Integer(0) if term.is_number else sp.Integer(1)


def _term_key(term: sp.Expr) -> tuple:
    factors = sorted((f for f in sp.Mul.make_args(term) if not f.is_number), key=_factor_key)
    return (
        _degree(term),
        [(_factor_key(f), -_degree(f)) for f in factors],
        sp.default_sort_key(term),
    )


@explained
def split_terms(expr: sp.Expr) -> list[sp.Expr]:
    """Terms of a sum in reading order: by total degree, then by the names of their factors.

    Parameters
    ----------
    expr
        Any expression; one that is no sum is its own only term.

    Returns
    -------
    list of sympy.Expr
        The terms; their sum is `expr`. The order does not depend on hashes. A negative constant
        comes last, and the first term that is not negative first.

    Examples
    --------
    >>> x, y = sp.symbols("x y")
    >>> split_terms(x*y + y**3 + x + 1)
    [1, x, x*y, y**3]
    """
    check_instance(expr, (sp.Expr, int), "split_terms: expr")
    terms = list(sp.Add.make_args(sp.sympify(expr)))
    if len(terms) > 1:
        terms.sort(key=_term_key)
        if terms[0].is_number and terms[0].could_extract_minus_sign():
            terms.append(terms.pop(0))
        positive = (k for k, t in enumerate(terms) if not t.could_extract_minus_sign())
        terms.insert(0, terms.pop(next(positive, 0)))
    return terms


def _inner_sum(body: sp.Expr) -> sp.Sum | None:
    """Return the sum in a product that may move its sign to the front."""
    factors = sp.Mul.make_args(body)
    sums = [f for f in factors if isinstance(f, sp.Sum)]
    if len(sums) != 1:
        return None
    bound = set(sums[0].variables)
    clash = any(bound & f.free_symbols for f in factors if f != sums[0])
    return None if clash else sums[0]


class _Printer(LatexPrinter):
    def __init__(self) -> None:
        super().__init__(
            {
                "mul_symbol": r"\,",
                "fold_short_frac": False,
                "fold_frac_powers": True,
                "ln_notation": False,
                "inv_trig_style": "full",
            }
        )
        self._in_exponent = False

    def _print_Symbol(self, expr, style="plain"):
        if expr in self._settings["symbol_names"]:
            return self._settings["symbol_names"][expr]
        text = symbol_tex(expr.name)
        return rf"\boldsymbol{{{text}}}" if style == "bold" else text

    def _hprint_Function(self, func):
        # the number of a layer in the name of a function is no exponent either
        return symbol_tex(func) if "__" in func else super()._hprint_Function(func)

    _print_RandomSymbol = _print_Symbol
    _print_Dummy = _print_Symbol

    def _print_Add(self, expr, order=None):
        if not expr.is_commutative:
            return super()._print_Add(expr, order)
        out = ""
        for term in split_terms(expr):
            negative = term.could_extract_minus_sign()
            text = self._print(-term if negative else term)
            if (-term if negative else term).is_Add:
                text = self._add_parens(text)
            sign = "- " if negative else "+ "
            out += (f" {sign}" if out else "- " if negative else "") + text
        return out

    def _print_Mul(self, expr):
        args = sp.Mul.make_args(expr)
        if expr.is_number or not expr.is_commutative:
            return super()._print_Mul(expr)
        if sum(a.is_Rational for a in args) > 1:
            return self._join([self._factor(a, False) for a in args])
        number = sp.Mul(*(a for a in args if a.is_number))
        sign = ""
        if number.could_extract_minus_sign():
            number, sign = -number, "- "
        roots, upper, lower = [], [], []
        for factor in sorted((a for a in args if not a.is_number), key=_factor_key):
            exponent = factor.exp if isinstance(factor, sp.Pow) else sp.S.One
            if not (exponent.is_Rational and exponent.is_negative):
                upper.append(factor)
            elif exponent.is_Integer:
                lower.append(factor.as_base_exp()[0] ** -exponent)
            else:
                roots.append(factor)
        pieces = []
        numerator, denominator = number.as_numer_denom()
        if self._in_exponent and denominator != 1 and not any(f.is_Add for f in lower):
            lower_text = self._product([denominator], lower, wrap=True)
            if lower:
                lower_text = self._add_parens(lower_text)
            top = self._product([] if numerator == 1 else [numerator], roots + upper, wrap=False)
            return f"{sign}{top}/{lower_text}"
        if lower:
            top = self._product([] if numerator == 1 else [numerator], upper, wrap=True)
            bottom = self._product([] if denominator == 1 else [denominator], lower, wrap=True)
            pieces = [self._factor(r, False) for r in roots] + [rf"\frac{{{top}}}{{{bottom}}}"]
        else:
            if number != 1:
                pieces.append(self._factor(number, False))
            pieces += [self._factor(f, False) for f in roots]
            if upper:
                pieces.append(self._product([], upper, wrap=False))
        return sign + self._join(pieces)

    def _product(self, numbers, factors, wrap):
        every = numbers + factors
        if not every:
            return "1"
        if len(every) == 1 and wrap:
            return self._print(every[0])
        last = len(every) - 1
        return self._join([self._factor(f, k == last) for k, f in enumerate(every)])

    def _factor(self, factor, last):
        text = self._print(factor)
        if factor.is_Add or factor.is_Relational or factor.is_Piecewise:
            return self._add_parens(text)
        if not last and factor.has(sp.Sum, sp.Product, sp.Integral):
            return self._add_parens(text)
        if (factor.is_Mul and factor.could_extract_minus_sign()) or factor.is_negative:
            return self._add_parens(text)
        return text

    @staticmethod
    def _join(pieces):
        out = ""
        for piece in pieces:
            if out:
                out += r" \cdot " if out[-1].isdigit() and piece[:1].isdigit() else r" \, "
            out += piece
        return out

    def _print_Pow(self, expr):
        base, exponent = expr.base, expr.exp
        if expr.is_number or not expr.is_commutative:
            return super()._print_Pow(expr)
        if exponent.is_Rational and not exponent.is_Integer:
            p, q = exponent.as_numer_denom()
            if p == 1:
                degree = "" if q == 2 else f"[{q}]"
                return rf"\sqrt{degree}{{{self._print(base)}}}"
            return self._power(base, f"{p}/{q}")
        if exponent.is_Integer and exponent.is_negative:
            return self._print_Mul(expr)
        if base == sp.E:
            return super()._print_Pow(expr)
        return self._power(base, self._exponent(exponent))

    def _exponent(self, exponent):
        outer, self._in_exponent = self._in_exponent, True
        text = self._print(exponent)
        self._in_exponent = outer
        return text

    def _print_Rational(self, expr):
        if self._in_exponent and expr.q != 1:
            return f"{expr.p}/{expr.q}" if expr.p > 0 else f"- {-expr.p}/{expr.q}"
        return super()._print_Rational(expr)

    def _print_Fraction(self, expr):
        return self._print(sp.Rational(expr.numerator, expr.denominator))

    def _print_ExpBase(self, expr, exp=None):
        text = f"e^{{{self._exponent(expr.args[0])}}}"
        return text if exp is None else f"{self._add_parens(text)}^{{{exp}}}"

    _print_exp = _print_ExpBase

    def _power(self, base, exponent):
        if base.is_Function:
            return self._print(base, exp=exponent)
        text = self.parenthesize(base, PRECEDENCE["Pow"])
        if "^" in text and (base.is_Symbol or isinstance(base, sp.Indexed)):
            text = self._add_parens(text)
        elif isinstance(base, sp.Sum | sp.Integral | sp.Product):
            text = self._add_parens(self._print(base))
        return f"{text}^{{{exponent}}}"

    def _add_parens(self, s):
        return rf"\left({s}\right)"

    def _print_Float(self, expr):
        return str(super()._print_Float(expr)).replace(r"\cdot 10^", r"\times 10^")

    def _print_Indexed(self, expr):
        name, supers, subs = name_parts(str(expr.base.label))
        text = name + ("^{(" + ",".join(supers) + ")}" if supers else "")
        return f"{text}_{{{','.join([*subs, self._indices(expr.indices)])}}}"

    def _indices(self, indices):
        texts = [self._print(i.label if isinstance(i, sp.Idx) else i) for i in indices]
        single = all(
            i.is_Symbol or isinstance(i, sp.Idx) or (i.is_Integer and 0 <= int(i) < 10)
            for i in indices
        )
        return (" " if single else ",").join(texts)

    def _print_IndexedBase(self, expr):
        return symbol_tex(str(expr.label))

    def _print_Idx(self, expr):
        return self._print(expr.label)

    def _print_Sum(self, expr):
        limits, body = list(expr.limits), expr.function
        while (inner := _inner_sum(body)) is not None:
            limits = [*inner.limits, *limits]
            body = body.xreplace({inner: inner.function})
        out, groups = "", []
        for variable, *bounds in reversed(limits):
            if groups and groups[-1][1] == bounds:
                groups[-1][0].append(variable)
            else:
                groups.append(([variable], bounds))
        for variables, bounds in groups:
            variables.sort(key=lambda v: natural(str(v)))
            names = ", ".join(self._print(v) for v in variables)
            if len(bounds) == 2:
                out += rf"\sum_{{{names} = {self._print(bounds[0])}}}^{{{self._print(bounds[1])}}} "
            else:
                out += rf"\sum_{{{names}}} "
        text = self._print(body)
        if body.is_Add or body.could_extract_minus_sign():
            text = self._add_parens(text)
        return out + text

    def _print_Tuple(self, expr):
        return r"\left(" + ", ".join(self._print(e) for e in expr) + r"\right)"

    _print_tuple = _print_Tuple


def latex(expr: object) -> str:
    r"""LaTeX of an expression, with the settings used throughout the project.

    Sums are in reading order (see `split_terms`), factors stand apart by thin spaces, numerical
    coefficients stand in front, radicals in a denominator are powers such as ``b^{-1/2}``, and
    superscripts that are part of a name are in parentheses.

    Parameters
    ----------
    expr
        SymPy object, number, or a list, tuple or matrix of them. A string is LaTeX already.

    Returns
    -------
    str
        LaTeX that both LaTeX (amsmath) and KaTeX accept.

    Examples
    --------
    >>> W, k = sp.symbols("W__1_12 kappa_4")
    >>> print(latex(3 * W**2 * k / 2))
    \frac{3}{2} \, \left(W^{(1)}_{12}\right)^{2} \, \kappa_{4}
    >>> b = sp.Symbol("b")
    >>> print(latex(k / sp.sqrt(b)))
    b^{-1/2} \, \kappa_{4}
    """
    if isinstance(expr, str):
        return expr
    return re.sub(r"\s+\\right\)", r"\\right)", _Printer().doprint(expr))
