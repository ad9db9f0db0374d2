"""Singular as a separate process: exact input, strict reading of its answer, a time limit."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Sequence
from functools import cache
from math import lcm
from typing import Any

from ..algebra.clock import check_time, remaining
from ..errors import EngineError, MissingDependencyError
from ._programs import located
from ._rings import ordered, parameters_of, polynomial_part, recast

_PATIENCE, _TURN, _LONG = 1.0, 0.02, 3600.0  # seconds
_TOKEN = re.compile(r"\d+|[xt]\d+|[-+*/^()]")


@cache
def executable() -> str | None:
    """Path of Singular: on PATH, or in the wheel passagemath-singular."""
    return located("Singular")


def program() -> str:
    """Path of Singular, or an error that says what to install."""
    found = executable()
    if found is None:
        raise MissingDependencyError(
            "Singular is not installed; install the Debian package singular, or "
            "pip install --no-deps passagemath-singular; engine='sympy' serves small ideals"
        )
    return found


def basis(generators: Sequence[Any], ring: Any) -> list[Any]:
    """Reduced Groebner basis in the order of the ring."""
    (found,) = _ask(generators, ring, ["groebner(I)"])
    return found


def minimal_primes(generators: Sequence[Any], ring: Any) -> list[list[Any]]:
    """Reduced Groebner bases of the minimal associated primes.

    Where the algorithm of Gianni, Trager and Zacharias takes long, characteristic sets race it.
    """
    return _ask(generators, ring, ["minAssGTZ(I)", "minAssChar(I)"], "primdec.lib")


def real_radical(generators: Sequence[Any], ring: Any) -> list[Any]:
    """Real radical by realrad.lib."""
    (found,) = _ask(generators, ring, ["realrad(I)"], "realrad.lib")
    return found


def _ask(
    generators: Sequence[Any], ring: Any, commands: Sequence[str], library: str = ""
) -> list[list[Any]]:
    blocks = ring.order.blocks
    place = [i for block in blocks for i in block]
    names = {i: f"x{k + 1}" for k, i in enumerate(place)}
    parameters = [f"t{k + 1}" for k in range(len(parameters_of(ring)))]
    before = [
        *([f'LIB "{library}";'] if library else []),
        f"ring R = ({','.join(['0', *parameters])}),({','.join(names[i] for i in place)}),"
        f"({','.join(f'dp({len(block)})' for block in blocks)});",
        "short = 0; option(redSB); ideal I = 0; int i; int j;",
        *(f"I[{k + 1}] = {_text(recast(g, ring), names)};" for k, g in enumerate(generators)),
    ]
    after = [
        "for (i = 1; i <= size(answer); i++) { ideal J(i) = groebner(answer[i]); "
        'J(i) = simplify(J(i), 2); "@ideal"; '
        'for (j = 1; j <= ncols(J(i)); j++) { "@" + string(J(i)[j]); } }',
        '"@end"; quit;',
    ]
    symbols = {names[i]: g for i, g in enumerate(ring.gens)} | {
        name: ring.ground_new(g)
        for name, g in zip(parameters, ring.domain.gens if parameters else (), strict=True)
    }
    answer: list[list[Any]] = []
    scripts = ["\n".join([*before, f"list answer = {c};", *after]) for c in commands]
    for line in _run(scripts).split("\n"):
        if line == "@ideal":
            answer.append([])
        elif line.startswith("@") and line != "@end":
            value = _Reader(line[1:], symbols, ring).read()
            if value:
                answer[-1].append(value)
    return [ordered(found) for found in answer]


def _run(scripts: Sequence[str]) -> str:
    """What the script that ends first answers; each starts a while after the one before."""
    check_time()
    left, running = list(scripts), []
    output: str | None = None
    try:
        while output is None:
            if left:
                running.append((_start(), left.pop(0)))
            output = _first(running, _PATIENCE if left else None)
    finally:
        for process, _ in running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
    failed = [line.strip() for line in output.split("\n") if line.lstrip().startswith("?")]
    if failed or "\n@end" not in "\n" + output:
        raise EngineError(f"Singular failed: {failed[0] if failed else output[-200:]!r}")
    return output


def _start() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [program(), "-q", "--no-rc", "--no-tty"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )


def _first(running: list[tuple[subprocess.Popen[str], str]], patience: float | None) -> str | None:
    """Output of the first process to end, None when the patience is over before."""
    end = None if patience is None else time.monotonic() + patience
    while True:
        for k, (process, script) in enumerate(running):
            left = [t for t in (remaining(), None if end is None else end - time.monotonic())
                    if t is not None]
            turn = [_TURN] if len(running) > 1 else []
            try:
                return process.communicate(
                    script or None, timeout=max(min([*left, *turn], default=_LONG), 0.001)
                )[0]
            except subprocess.TimeoutExpired:
                running[k] = (process, "")  # its input is on the way
            check_time()
            if end is not None and time.monotonic() >= end:
                return None


def _text(f: Any, names: dict[int, str]) -> str:
    """Integer coefficients alone: Singular reads a/b as a quotient of integers."""
    f = polynomial_part(f)
    if f.ring.domain.is_Composite:
        numerators = {m: c.numer.quo_ground(c.denom.LC) for m, c in f.items()}
        scale = lcm(*(int(c.clear_denoms()[0]) for c in numerators.values()))
        inner = {i: f"t{i + 1}" for i in range(len(parameters_of(f.ring)))}
        terms = [(m, _integers(c.mul_ground(scale), inner)) for m, c in numerators.items()]
    else:
        terms = [(m, str(int(c))) for m, c in f.clear_denoms()[1].items()]
    return _sum(terms, names)


def _integers(c: Any, names: dict[int, str]) -> str:
    return _sum([(m, str(int(k))) for m, k in c.items()], names)


def _sum(terms: Sequence[tuple[Any, str]], names: dict[int, str]) -> str:
    return "+".join(
        "*".join([f"({c})", *(f"{names[i]}^{k}" for i, k in enumerate(m) if k)]) for m, c in terms
    ) or "0"


class _Reader:
    """Recursive descent over sums, products, quotients by constants and powers."""

    def __init__(self, text: str, symbols: dict[str, Any], ring: Any) -> None:
        self.text, self.symbols, self.ring = text, symbols, ring
        self.tokens = _TOKEN.findall(text)
        if "".join(self.tokens) != text:
            self.fail()
        self.place = 0

    def fail(self) -> None:
        raise EngineError(f"Singular answered {self.text[:200]!r}, which is no polynomial")

    def peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.place += 1
        return token

    def read(self) -> Any:
        value = self.sum()
        if self.peek():
            self.fail()
        return value

    def sum(self) -> Any:
        value = self.ring.zero
        sign = -1 if self.peek() == "-" else 1
        if self.peek() in ("+", "-"):
            self.take()
        while True:
            value = value + self.product() * sign
            if self.peek() not in ("+", "-"):
                return value
            sign = -1 if self.take() == "-" else 1

    def product(self) -> Any:
        value = self.power()
        while self.peek() in ("*", "/"):
            if self.take() == "*":
                value = value * self.power()
            else:
                by = self.power()
                if not by or not by.is_ground:
                    self.fail()
                value = value.quo_ground(by.LC)
        return value

    def power(self) -> Any:
        token, value = self.take(), self.ring.zero
        if token == "(":
            value = self.sum()
            if self.take() != ")":
                self.fail()
        elif token.isdigit():
            value = self.ring(int(token))
        elif token in self.symbols:
            value = self.symbols[token]
        else:
            self.fail()
        if self.peek() == "^":
            self.take()
            if not self.peek().isdigit():
                self.fail()
            value = value ** int(self.take())
        return value
