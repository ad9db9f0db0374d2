"""Kernels of a structured kappa_4 against plain ways to compile the same definitions.

The case: ``y = sum_j v_j (z_j + a z_j**2)``, ``z_j = w_j1 x_1 + w_j2 x_2`` with x_1, x_2 iid of
cumulants kappa_1 .. kappa_8. In the intermediates l_k = sum_j v_j w_jk and
Q_kl = a sum_j v_j w_jk w_jl, y = l_1 x_1 + l_2 x_2 + Q_11 x_1^2 + 2 Q_12 x_1 x_2 + Q_22 x_2^2
and kappa_4(y) has 293 terms.

Run ``python benchmarks/kernels.py``.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import comb
from typing import Any

import flint
import numpy as np
import sympy as sp

from numerics.codegen import generate
from numerics.kernels import Kernel

DRAWS = 100_000


@dataclass(frozen=True)
class Definition:
    """A symbol and its terms."""

    symbol: sp.Symbol
    terms: list[tuple[Fraction, tuple[tuple[Any, int], ...]]]

    @property
    def expr(self) -> sp.Expr:
        """The sum as an expression."""
        return sp.Add(
            *(sp.Mul(sp.Rational(c), *(a**e for a, e in factors)) for c, factors in self.terms)
        )


@dataclass(frozen=True)
class System:
    """Definitions in order of evaluation."""

    inputs: tuple[sp.Symbol, ...]
    parameters: tuple[sp.Symbol, ...]
    definitions: tuple[Definition, ...]
    outputs: dict[Any, sp.Symbol]


def quadratic_unit(order: int = 4) -> System:
    """Build the case by moments: of x from its cumulants, of y by expansion, and back."""
    inner = ("l_1", "l_2", "Q_11", "Q_12", "Q_22")
    kappas = tuple(f"kappa_{r}" for r in range(1, 2 * order + 1))
    names = (*inner, *kappas, "x_1", "x_2")
    ring = flint.fmpq_mpoly_ctx.get(list(names), "lex")
    gens = dict(zip(names, ring.gens(), strict=True))
    l1, l2, q11, q12, q22 = (gens[n] for n in inner)
    x1, x2 = gens["x_1"], gens["x_2"]
    moments = [ring.constant(1)]
    for n in range(1, 2 * order + 1):
        moments.append(
            sum(comb(n - 1, r - 1) * gens[f"kappa_{r}"] * moments[n - r] for r in range(1, n + 1))
        )
    y = l1 * x1 + l2 * x2 + q11 * x1**2 + 2 * q12 * x1 * x2 + q22 * x2**2
    power, raw = ring.constant(1), [ring.constant(1)]
    for _ in range(order):
        power *= y
        by_x: dict[tuple[int, int], dict[tuple[int, ...], Any]] = {}
        for mono, value in power.to_dict().items():
            by_x.setdefault((mono[-2], mono[-1]), {})[(*mono[:-2], 0, 0)] = value
        raw.append(sum(moments[i] * moments[j] * ring.from_dict(p) for (i, j), p in by_x.items()))
    out: list[Any] = [ring.constant(0)]
    for n in range(1, order + 1):
        out.append(raw[n] - sum(comb(n - 1, r - 1) * out[r] * raw[n - r] for r in range(1, n)))

    symbols = [sp.Symbol(n) for n in names]
    v, a = [sp.Symbol(f"v_{j}") for j in (1, 2)], sp.Symbol("a")
    w = [[sp.Symbol(f"W_{j}{k}") for k in (1, 2)] for j in (1, 2)]
    one = Fraction(1)
    definitions = [
        Definition(symbols[k], [(one, ((v[j], 1), (w[j][k], 1))) for j in (0, 1)]) for k in (0, 1)
    ]
    for position, (k, m) in enumerate(((0, 0), (0, 1), (1, 1))):
        terms = [
            (
                one,
                ((a, 1), (v[j], 1), *(((w[j][k], 2),) if k == m else ((w[j][k], 1), (w[j][m], 1)))),
            )
            for j in (0, 1)
        ]
        definitions.append(Definition(symbols[2 + position], terms))
    outputs = {}
    for n in range(1, order + 1):
        outputs[(n,)] = symbol = sp.Symbol(f"kappa_{n}_y")
        terms = [
            (
                Fraction(int(c.p), int(c.q)),
                tuple((symbols[i], int(e)) for i, e in enumerate(mono) if e),
            )
            for mono, c in out[n].to_dict().items()
        ]
        definitions.append(Definition(symbol, terms))
    parameters = (*v, *w[0], *w[1], a)
    inputs = tuple(sp.Symbol(k) for k in kappas)
    return System(inputs, parameters, tuple(definitions), outputs)


def nested(system: System) -> list[sp.Expr]:
    """Write the outputs as expressions of the arguments, definitions put in, not expanded."""
    known: dict[sp.Symbol, sp.Expr] = {}
    for definition in system.definitions:
        known[definition.symbol] = definition.expr.xreplace(known)
    return [known[s] for s in system.outputs.values()]


def best(action: Callable[[], Any], repeat: int = 7) -> float:
    """Return the shortest time of several runs in seconds."""
    action()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def rows() -> list[dict[str, Any]]:
    """Measure all rows in one run.

    Returns
    -------
    list of dict
        Keys ``what``, ``ours_s``, ``peer``, ``peer_s``, ``ratio`` (peer over ours), ``reach``.
    """
    import symengine

    system = quadratic_unit()
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(DRAWS, len(system.parameters)))
    point = np.array([0.3, 1.0, 0.5, 0.25, 0.1, 0.2, -0.1, 0.05])
    many = point * rng.uniform(0.5, 1.5, size=(DRAWS, len(point)))
    arguments = [*system.parameters, *system.inputs]
    limit = sys.getrecursionlimit()

    compile_ours = {
        name: best(lambda name=name: Kernel(generate(system), name), 3)
        for name in ("numpy", "symengine-llvm", "torch")
    }
    ours = {name: Kernel(generate(system), name) for name in compile_ours}
    expressions = nested(system)
    plain = sp.lambdify(arguments, expressions, modules="numpy", cse=True)
    compile_plain = best(lambda: sp.lambdify(arguments, expressions, modules="numpy", cse=True), 1)

    def make_llvm():
        return symengine.Lambdify(arguments, expressions, backend="llvm", cse=True)

    llvm, compile_llvm = make_llvm(), best(make_llvm, 3)

    def columns(cumulants):
        return [*weights.T, *np.broadcast_to(cumulants, (DRAWS, len(point))).T]

    def table(cumulants):
        return np.concatenate([weights, np.broadcast_to(cumulants, (DRAWS, len(point)))], axis=1)

    result = []

    def row(what, ours_s, peer, peer_s, reach):
        result.append(
            {
                "what": what,
                "ours_s": ours_s,
                "peer": peer,
                "peer_s": peer_s,
                "ratio": peer_s / ours_s,
                "reach": reach,
            }
        )

    import torch

    row(
        "compile kappa_1..kappa_4, numpy",
        compile_ours["numpy"],
        "sympy.lambdify(cse=True)",
        compile_plain,
        "under 0.2 s",
    )
    row(
        "compile kappa_1..kappa_4, llvm",
        compile_ours["symengine-llvm"],
        "symengine.Lambdify(llvm, cse)",
        compile_llvm,
        "under 0.2 s",
    )
    for name, cumulants in (("one law", point), ("a law per draw", many)):
        check = np.stack(plain(*columns(cumulants)), axis=-1)
        for backend in ("numpy", "symengine-llvm"):
            np.testing.assert_allclose(
                ours[backend].stacked(weights, cumulants),
                check,
                rtol=1e-6,
                atol=1e-9 * abs(check).max(),
            )
        peer_numpy = best(lambda c=cumulants: plain(*columns(c)))
        peer_llvm = best(lambda c=cumulants: llvm(table(c)))
        row(
            f"1e5 weights, {name}, numpy",
            best(lambda c=cumulants: ours["numpy"](weights, c)),
            "sympy.lambdify(cse=True)",
            peer_numpy,
            "25 ms" if cumulants is point else "",
        )
        row(
            f"1e5 weights, {name}, llvm",
            best(lambda c=cumulants: ours["symengine-llvm"](weights, c)),
            "symengine.Lambdify(llvm, cse)",
            peer_llvm,
            "20 ms" if cumulants is point else "",
        )
        tw, tc = torch.from_numpy(weights), torch.from_numpy(cumulants)
        row(
            f"1e5 weights, {name}, torch",
            best(lambda w=tw, c=tc: ours["torch"](w, c)),
            "sympy.lambdify(cse=True)",
            peer_numpy,
            "",
        )
    if sys.getrecursionlimit() != limit:
        raise RuntimeError("the recursion limit was changed")
    return result


if __name__ == "__main__":
    for entry in rows():
        print(
            f"{entry['what']:42} {1e3 * entry['ours_s']:8.1f} ms   {entry['peer']:30} "
            f"{1e3 * entry['peer_s']:8.1f} ms   x{entry['ratio']:6.1f}   {entry['reach']}"
        )
