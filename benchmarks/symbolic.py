"""The exact engine against SymPy, symengine and python-flint on the same formulas.

All peers of one case run the same few lines, :func:`plain_cumulants` or the recursion of Smith, in
their own arithmetic, and every answer is compared with ours before a time is taken. Bare
python-flint is the floor: the same arithmetic without names, laws or layers around it.

Run ``python -m benchmarks`` for the table, ``rows()`` for the numbers.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

import flint
import sympy as sp

from cumulant_theory import activations, layers, symmetries
from cumulant_theory.algebra import cumulant_formula, transforms
from cumulant_theory.laws import Generic, Product

UNIVARIATE_ORDER = 20
ORDER = 4
DESIGN_TERMS = {"free": 78096, "circulant": 2439, "S_n": 574, "tied": 78}


def best(action: Callable[[], Any], repeat: int = 5) -> tuple[float, Any]:
    """Shortest time of several runs in seconds, and the answer."""
    times, answer = [], None
    for _ in range(repeat):
        start = time.perf_counter()
        answer = action()
        times.append(time.perf_counter() - start)
    return min(times), answer


def flint_ring(names: Sequence[str]) -> dict[str, Any]:
    """Generators of a bare python-flint ring, by name."""
    ring = flint.fmpq_mpoly_ctx.get(list(names), "degrevlex")
    return dict(zip(names, ring.gens(), strict=True))


def sympy_ring(names: Sequence[str]) -> dict[str, Any]:
    """Generators of a SymPy ring over the rationals, by name."""
    return dict(zip(names, sp.ring(list(names), sp.QQ)[1:], strict=True))


def terms_of(answer: Any, names: Sequence[str]) -> dict[tuple[int, ...], sp.Rational]:
    """Monomial -> coefficient of an answer in any of the arithmetics."""
    if hasattr(answer, "to_dict"):
        items = answer.to_dict().items()
    elif isinstance(answer, sp.polys.rings.PolyElement):
        items = answer.terms()
    else:
        items = sp.Poly(sp.sympify(answer), *map(sp.Symbol, names)).terms()
    return {
        tuple(int(e) for e in mono): sp.Rational(int(c.numerator), int(c.denominator))
        for mono, c in items
    }


def require_same(ours: Any, theirs: Any, names: Sequence[str], peer: str) -> None:
    """Stop if a peer found another formula."""
    if terms_of(ours, names) != terms_of(theirs, names):
        raise ArithmeticError(f"{peer} disagrees with the formula it is timed against")


def row(what: str, ours_s: float, peer: str, peer_s: float, reach: str = "") -> dict[str, Any]:
    """One line of the table."""
    return {"what": what, "ours_s": ours_s, "peer": peer, "peer_s": peer_s,
            "ratio": peer_s / ours_s, "reach": reach}  # fmt: skip


def missing(what: str, peer: str) -> dict[str, Any]:
    """A line that says which peer is not installed."""
    return {"what": what, "ours_s": None, "peer": f"{peer} (not installed)", "peer_s": None,
            "ratio": None, "reach": ""}  # fmt: skip


# ------------------------------------------------------------ moment -> cumulant formula


def smith(moments: Sequence[Any], finish: Callable[[Any], Any] = lambda e: e) -> Any:
    """kappa_n from raw moments by the recursion, written plainly."""
    kappa: list[Any] = []
    for n in range(1, len(moments) + 1):
        value = moments[n - 1]
        for k in range(1, n):
            value = value - math.comb(n - 1, k - 1) * kappa[k - 1] * moments[n - k - 1]
        kappa.append(finish(value))
    return kappa[-1]


def by_bell_polynomials(order: int) -> sp.Expr:
    """kappa_n = sum_k (-1)^(k-1) (k-1)! B_{n,k}(m_1, ...) through sympy.bell."""
    m = sp.symbols(f"m_1:{order + 1}")
    return sp.expand(sp.Add(*(
        (-1) ** (k - 1) * math.factorial(k - 1) * sp.bell(order, k, m[: order - k + 1])
        for k in range(1, order + 1)
    )))  # fmt: skip


def _ours_formula(order: int) -> Any:
    transforms._formula.cache_clear()
    return cumulant_formula(order)


def formula_rows(order: int = UNIVARIATE_ORDER) -> list[dict[str, Any]]:
    """kappa_order as a polynomial in the moments."""
    names = [f"m_{r}" for r in range(1, order + 1)]
    ours_s, formula = best(lambda: _ours_formula(order), 9)
    ours = sp.Poly(formula.expr, *map(sp.Symbol, names)).as_expr()
    what = f"moments -> kappa_{order}, {len(formula)} terms"
    peers: list[tuple[str, Callable[[], Any], int, str]] = [
        ("python-flint, bare", lambda: smith(list(flint_ring(names).values())), 9,
         "within 3 x of bare (ratio >= 0.33)"),
        ("sympy.bell", lambda: by_bell_polynomials(order), 1, ""),
    ]
    found = []
    try:
        import symengine
    except ImportError:
        found.append(missing(what, "symengine"))
    else:
        m = [symengine.Symbol(n) for n in names]
        peers.append(("symengine", lambda: smith(m, symengine.expand), 3, ""))
    for peer, action, repeat, reach in peers:
        peer_s, answer = best(action, repeat)
        require_same(ours, answer, names, peer)
        found.append(row(what, ours_s, peer, peer_s, reach))
    return found


# ------------------------------------------------------------ a two-layer network


def quadratic_network(width: int = 2, symmetry: Any = None, readout: Any = None,
                      bias: bool = True) -> layers.Layer:  # fmt: skip
    """y = sum_j v_j (z_j + a z_j^2) with z = W x + c, every weight a symbol."""
    return (
        layers.Linear(width, width, symmetry=symmetry, bias=bias)
        >> layers.Pointwise(activations.Quadratic("a"))
        >> layers.Linear(width, 1, symmetry=readout)
    )


def plain_cumulants(
    g: Mapping[str, Any], families: Sequence[str], bias: bool,
    expand: Callable[[Any], Any] = lambda e: e,
) -> list[Any]:  # fmt: skip
    """kappa_1 .. kappa_4 of the network by expansion of the powers of y, in any arithmetic.

    Parameters
    ----------
    g
        Generators by name.
    families
        Letter of the cumulants of each of the two inputs.
    bias
        Whether the hidden units have one.
    expand
        Brings a value to its expanded form, for arithmetics that do not by themselves.
    """
    a, v = g["a"], [g["W__2_11"], g["W__2_12"]]
    w = [[g[f"W__1_{j}{k}"] for k in (1, 2)] for j in (1, 2)]
    y: dict[tuple[int, int], Any] = {}

    def add(mono: tuple[int, int], value: Any) -> None:
        y[mono] = y[mono] + value if mono in y else value

    for j in (0, 1):
        c = g[f"c__1_{j + 1}"] if bias else None
        slope = v[j] if c is None else v[j] * (1 + 2 * a * c)
        if c is not None:
            add((0, 0), v[j] * (c + a * c**2))
        add((1, 0), slope * w[j][0])
        add((0, 1), slope * w[j][1])
        add((2, 0), a * v[j] * w[j][0] ** 2)
        add((0, 2), a * v[j] * w[j][1] ** 2)
        add((1, 1), 2 * a * v[j] * w[j][0] * w[j][1])
    y = {mono: expand(value) for mono, value in y.items()}

    moments = []
    for letter in families:
        m: list[Any] = [1]
        for n in range(1, 2 * ORDER + 1):
            m.append(expand(sum(
                math.comb(n - 1, r - 1) * g[f"{letter}_{r}"] * m[n - r] for r in range(1, n + 1)
            )))  # fmt: skip
        moments.append(m)

    # a constant moves kappa_1 alone: kept apart, the powers are shorter
    shift = y.pop((0, 0), 0)
    power: dict[tuple[int, int], Any] = {(0, 0): 1}
    raw: list[Any] = []
    for _ in range(ORDER):
        grown: dict[tuple[int, int], Any] = {}
        for (p, left), (q, right) in product(power.items(), y.items()):
            mono = (p[0] + q[0], p[1] + q[1])
            grown[mono] = grown[mono] + left * right if mono in grown else left * right
        power = {mono: expand(value) for mono, value in grown.items()}
        raw.append(expand(sum(
            value * moments[0][i] * moments[1][j] for (i, j), value in power.items()
        )))  # fmt: skip
    kappa = [smith(raw[:n], expand) for n in range(1, ORDER + 1)]
    return [expand(kappa[0] + shift), *kappa[1:]]


def network_rows() -> list[dict[str, Any]]:
    """kappa_1 .. kappa_4 of two inputs, two hidden units, one output."""
    found = []
    for inputs, families, bias in (
        ("iid inputs", ("kappa", "kappa"), True),
        ("independent inputs", ("kappa", "lambda"), False),
        ("iid inputs, no bias", ("kappa", "kappa"), False),
    ):
        net = quadratic_network(bias=bias)
        law = Product([Generic(letter) for letter in families])
        cumulants = [f"{f}_{r}" for f in dict.fromkeys(families) for r in range(1, 2 * ORDER + 1)]
        names = [*map(str, net.parameters), *cumulants]

        def ours(net: Any = net, law: Any = law) -> list[Any]:
            out = net.propagate(law, order=ORDER)
            return [out.polynomial(r) for r in range(1, ORDER + 1)]

        ours_s, formulas = best(ours, 9)
        answers = [p.expr for p in formulas]
        what = f"kappa_1..4 of 2 x 2 network, {inputs}, {len(formulas[-1])} terms"
        peers: list[tuple[str, Callable[[], Any], int, str]] = [
            ("python-flint, bare",
             lambda n=names, f=families, b=bias: plain_cumulants(flint_ring(n), f, b), 9,
             "within 3 x of bare (ratio >= 0.33)"),
            ("sympy ring",
             lambda n=names, f=families, b=bias: plain_cumulants(sympy_ring(n), f, b), 1, ""),
        ]
        if bias:
            peers.append(("sympy.expand", lambda n=names, f=families, b=bias: plain_cumulants(
                {s: sp.Symbol(s) for s in n}, f, b, sp.expand), 1, ""))  # fmt: skip
        try:
            import symengine
        except ImportError:
            found.append(missing(what, "symengine"))
        else:
            peers.append(("symengine", lambda n=names, f=families, b=bias: plain_cumulants(
                {s: symengine.Symbol(s) for s in n}, f, b, symengine.expand), 1, ""))  # fmt: skip
        for peer, action, repeat, reach in peers:
            peer_s, theirs = best(action, repeat)
            for mine, other in zip(answers, theirs, strict=True):
                require_same(mine, other, names, peer)
            found.append(row(what, ours_s, peer, peer_s, reach))
    return found


# ------------------------------------------------------------ numbers of terms


def count(what: str, terms: int, peer: str, peer_terms: int, reach: str) -> dict[str, Any]:
    """One line that counts terms instead of seconds."""
    return {"what": what, "ours_s": terms, "peer": peer, "peer_s": peer_terms,
            "ratio": peer_terms / terms, "reach": reach, "quantity": "terms"}  # fmt: skip


def structured_rows() -> list[dict[str, Any]]:
    """Terms of kappa_4 and kappa_6 in named intermediates, beside the expanded form."""
    found = []
    for order, expected, expand in ((4, 293, True), (6, 2915, False)):
        net = quadratic_network(bias=False)
        system = net.system(order=order, inputs="iid")
        last = {d.symbol: d for d in system.definitions}[system.outputs[(order,)]]
        what = f"terms of kappa_{order} of 2 x 2 network, structured"
        terms = len(last.polynomial)
        if expand:
            flat = net.propagate(Generic("kappa").iid(2), order=order).polynomial(order)
            found.append(count(what, terms, "ours, expanded", len(flat), f"{expected}"))
        else:
            found.append({"what": what, "ours_s": terms, "peer": "-", "peer_s": None,
                          "ratio": None, "reach": f"{expected}", "quantity": "terms"})  # fmt: skip
    return found


def symmetry_rows(width: int = 3) -> list[dict[str, Any]]:
    """Terms of kappa_4 under four weight symmetries, iid inputs, hidden bias."""
    invariant = symmetries.PermutationInvariant()
    cases = {
        "free": (symmetries.Free(), symmetries.Free()),
        "circulant": (symmetries.Cyclic(), invariant),
        "S_n": (symmetries.PermutationEquivariant(), invariant),
        "tied": (symmetries.Shared(), symmetries.Shared()),
    }
    terms = {}
    for name, (inner, readout) in cases.items():
        net = quadratic_network(width, inner, readout)
        out = net.propagate(Generic("kappa").iid(width), order=ORDER)
        terms[name] = len(out.polynomial(ORDER))
    return [
        count(f"terms of kappa_4 of {width} x {width} network, {name} weights", found,
              "ours, free weights", terms["free"], f"{DESIGN_TERMS[name]}")
        for name, found in terms.items()
    ]  # fmt: skip


def rows() -> list[dict[str, Any]]:
    """Measure everything in this run.

    Returns
    -------
    list of dict
        Keys what, ours_s, peer, peer_s, ratio (peer over ours), reach. Rows with ``quantity``
        "terms" hold numbers of terms in place of seconds.
    """
    return [*formula_rows(), *network_rows(), *structured_rows(), *symmetry_rows()]
