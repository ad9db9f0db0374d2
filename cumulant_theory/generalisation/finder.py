"""Branches of a problem found step by step, each step within its share of the time."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from random import Random
from typing import Any

import sympy as sp

from ..algebra.clock import check_time
from ..errors import TimeLimitError
from ..varieties import Ideal, time_limit
from .branches import Branch, TestResidual, Witness
from .components import Component, real_components, with_radicals
from .coordinates import Coordinates
from .equations import Problem
from .points import Point, any_point, dive, real_point

Forms = Mapping[tuple[Any, int], Mapping[Any, sp.Expr]]


class BranchFinder:
    """Branches of a problem, one step after the other, each within its share of the time.

    Parameters
    ----------
    problem
        Equations and test residuals.
    engine
        As for :class:`~cumulant_theory.varieties.Ideal`.
    seed
        Of the choices of points.
    seconds
        Limit of the whole analysis, from which the shares are taken.
    """

    def __init__(self, problem: Problem, engine: str, seed: int, seconds: float) -> None:
        self.problem: Problem = problem
        self.engine: str = engine
        self.seed: int = seed
        self.seconds: float = seconds
        self.coordinates: Coordinates = problem.coordinates
        self.closed = self.coordinates.dominant

    @cached_property
    def closure(self) -> list[sp.Expr]:
        """Equations that the coefficients of the architecture obey, as far as found in time."""
        c = self.coordinates
        if c.dominant:
            return []
        graph = [x - e for x, e in c.values.items() if x != e]
        roots = [s for s in self.problem.roots if any(s in e.free_symbols for e in graph)]
        gone = [p for p in c.parameters if p not in c.unknowns]
        whole = Ideal(
            [*graph, *(self.problem.roots[s] for s in roots)], [*gone, *c.unknowns, *roots],
            engine=self.engine,
        )
        try:
            with time_limit(self.seconds / 15):
                found = whole.eliminate(gone).generators
        except TimeLimitError:
            return []
        self.closed: bool = True
        return found

    @property
    def equations(self) -> list[sp.Expr]:
        """Training equations and those of the architecture."""
        return [*self.problem.equations, *self.closure]

    def real(self) -> list[Component]:
        """Real branches in the unknowns."""
        found = real_components(
            self.equations, self.coordinates.unknowns, self.problem.roots, self.engine
        )
        return [Component(i, self.problem.radicals) for i in found]

    def complex(self, real: Sequence[Ideal]) -> list[Component]:
        """Irreducible complex parts without dense real points that some parameters reach."""
        roots = self.problem.roots
        whole = Ideal(
            [*self.equations, *roots.values()], [*self.coordinates.unknowns, *roots],
            engine=self.engine,
        )
        primes = [p for p in whole.minimal_primes() if not any(p == r for r in real)]
        return [
            Component(p, self.problem.radicals) for p in primes if self.pulled(p).dimension >= 0
        ]

    def pulled(self, ideal: Ideal) -> Ideal:
        """The parameters that a variety in the unknowns comes from."""
        if self.coordinates.direct:
            return ideal
        return Ideal(
            [self.coordinates.pulled(g) for g in ideal.generators],
            [*self.coordinates.parameters, *self.problem.roots], engine=self.engine,
        )

    def parts(self, component: Component) -> tuple[Component, ...] | None:
        """Real components in the parameters, None where the time is over.

        Where the parameters are too many, some that are nowhere zero are scaled to 1 first.
        """
        c = self.coordinates
        if c.direct:
            return (self._scaled(component.ideal),)
        equations = [c.pulled(g) for g in component.generators]
        for fix in (False, True):
            try:
                with time_limit(self.seconds / 15):
                    fixed = self._fixed(equations) if fix else ()
                    found = real_components(
                        [*equations, *(p - 1 for p in fixed)], c.parameters, self.problem.roots,
                        self.engine,
                    )
                    return tuple(self._scaled(i, fixed) for i in found)
            except TimeLimitError:
                continue
        return None

    def _scaled(self, ideal: Ideal, fixed: tuple[sp.Symbol, ...] = ()) -> Component:
        plain = Component(ideal, self.problem.radicals, fixed=fixed)
        return replace(plain, scalings=len(self.coordinates.scalings(plain.zero)))

    def _fixed(self, equations: Sequence[sp.Expr]) -> tuple[sp.Symbol, ...]:
        """Parameters, last layers first, that scalings bring to 1 wherever the equations hold."""
        c, found = self.coordinates, []
        for p in reversed(c.parameters):
            if c.brings_to_one([*found, p]) and Ideal(
                [*equations, p, *self.problem.roots.values()],
                [*c.parameters, *self.problem.roots], engine=self.engine,
            ).dimension < 0:
                found.append(p)
        return tuple(found)

    def examined(self, component: Component) -> Branch | None:
        """A branch with its test residuals and a witness, None if no real parameters lie on it."""
        ideal = component.ideal
        parts = self.parts(component)
        if parts == ():
            return None
        witness, decided, tests = None, True, ()
        try:
            forms = self.forms(component)
            tests = self.tests(component, forms)
            if not all(t.vanishes for t in tests):
                try:
                    witness = self._witness(ideal, forms, parts)
                except TimeLimitError:
                    decided = False
                tests = tuple(
                    t if t.vanishes else replace(
                        t, vanishes=self._vanishes(t, forms, parts, witness, decided)
                    ) for t in tests
                )
        except TimeLimitError:
            tests = tuple(replace(t, vanishes=t.vanishes or None) for t in tests)
        realised = True if parts or witness else self._reached(ideal)
        return None if realised is False else Branch(0, component, parts, tests, realised, witness)

    def _vanishes(
        self, test: TestResidual, forms: Forms, parts: tuple[Component, ...] | None,
        witness: Witness | None, decided: bool,
    ) -> bool | None:
        """Real components decide; without them a witness does, or that there is none."""
        if parts is not None:
            left = forms[test.law, test.order].values()
            return not any(self._at(part.ideal, f) for part in parts for f in left)
        if witness is not None:
            return False if witness.residuals[test.law, test.order] != 0 else None
        return True if decided else None

    def _at(self, ideal: Ideal, f: sp.Expr) -> sp.Expr:
        """Normal form of a polynomial in the unknowns on a variety of parameters."""
        images = {
            x: ideal.reduce(e) for x, e in self.coordinates.values.items() if x in f.free_symbols
        }
        return ideal.reduce(sp.expand(f.xreplace(images)))

    def _reached(self, ideal: Ideal) -> bool | None:
        """Whether real parameters lie on a branch, None where the time is over."""
        try:
            return self._point(self.pulled(ideal), ideal) is not None
        except TimeLimitError:
            return None

    def _point(
        self, place: Ideal, ideal: Ideal, off: Sequence[sp.Expr] = (sp.S.One,),
        decide: bool = True,
    ) -> tuple[Point, Ideal] | None:
        """Real parameters in a place above a variety in the unknowns, off some polynomial.

        The points of the variety are tried one by one too. Where ``decide`` is set, None means
        that there are none.
        """
        c, roots = self.coordinates, tuple(self.problem.roots)

        def fibre(random: Random | None) -> Ideal | None:
            found = dive(
                ideal, c.unknowns, roots, lambda m: any(m.reduce(f) for f in off), random
            )
            return None if found is None else self.pulled(found[1])

        with time_limit(self.seconds / 6):
            found = real_point(
                place, c.parameters, roots, lambda m: any(self._at(m, f) for f in off),
                None if c.direct else fibre, seed=self.seed, seconds=self.seconds / 10,
            )
            if found is None and decide:
                pulled = [c.pulled(f) for f in off]
                return any_point(place, roots, pulled, engine=self.engine, seed=self.seed)
            return found

    def _witness(
        self, ideal: Ideal, forms: Forms, parts: tuple[Component, ...] | None
    ) -> Witness | None:
        """Parameters off the first test residual that does not vanish; None if there are none."""
        for place in [self.pulled(ideal)] if parts is None else [p.ideal for p in parts]:
            for by in forms.values():
                off = list(by.values())
                left = off if parts is None else [f for f in off if self._at(place, f)]
                found = self._point(place, ideal, left) if left else None
                if found is not None:
                    return self._witness_at(*found)
        return None

    def searched(self) -> Witness | None:
        """A witness found by trial on the whole training variety, which is not decomposed."""
        roots = self.problem.roots
        whole = Ideal(
            [*self.problem.equations, *roots.values()], [*self.coordinates.unknowns, *roots],
            engine=self.engine,
        )
        place = self.pulled(whole)
        for conditions in self.problem.conditions:
            for by in conditions.values():
                check_time()
                try:
                    found = self._point(place, whole, list(by.values()), False) if by else None
                except TimeLimitError:
                    found = None
                if found is not None:
                    return self._witness_at(*found)
        return None

    def _witness_at(self, point: Point, maximal: Ideal) -> Witness:
        residuals = {
            (law.law, r): sp.Add(*(
                m * self._at(maximal, e).xreplace(point) for m, e in by.items()
            ))
            for law, conditions in zip(self.problem.test, self.problem.conditions, strict=True)
            for r, by in conditions.items()
        }
        return Witness(
            0, {p: point[p] for p in self.coordinates.parameters}, residuals, maximal,
            self.problem.network,
        )

    def forms(self, component: Component) -> Forms:
        """Normal forms, those that are not 0, of the coefficients of each test residual."""
        return {
            (law.law, r): {
                m: f for m, e in by.items() if (f := component.ideal.reduce(e)) != 0
            }
            for law, conditions in zip(self.problem.test, self.problem.conditions, strict=True)
            for r, by in conditions.items()
        }

    def tests(self, component: Component, forms: Forms) -> tuple[TestResidual, ...]:
        """Values of the test residuals, in the shorter of two forms that hold on the branch."""
        found = []
        for law, conditions in zip(self.problem.test, self.problem.conditions, strict=True):
            for r, by in conditions.items():
                normal = forms[law.law, r]
                both = [_factorised(f, component.radicals)
                        for f in (normal, {m: by[m] for m in normal})]
                value, left = min(both, key=lambda form: (sp.count_ops(form[0]), str(form[0])))
                found.append(TestResidual(0, law.law, r, value, left, not normal))
        return tuple(found)


def _factorised(
    coefficients: Mapping[sp.Expr, sp.Expr], radicals: Mapping[sp.Symbol, sp.Expr]
) -> tuple[sp.Expr, tuple[sp.Expr, ...]]:
    """The sum with its coefficients, and these by themselves."""
    whole: Any = sp.factor(sp.Add(*(m * e for m, e in coefficients.items())))
    parts: Any = (with_radicals(sp.factor(e), radicals) for e in coefficients.values())
    return with_radicals(whole, radicals), tuple(dict.fromkeys(parts))
