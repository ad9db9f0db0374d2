"""Derivations: lists of steps, each re-checked by an independent exact route."""

import operator
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import sympy as sp

from .algebra import check_order
from .arguments import answer_of, brief, check_fields, entry_at, explained
from .errors import DomainError, VerificationError
from .references import Reference, reference

Check = Callable[["Step", random.Random], None]
_SIDES = (sp.Expr, sp.MatrixBase, int, Fraction, str)


@dataclass(frozen=True)
class Equation:
    """lhs = rhs, of a cumulant order.

    Attributes
    ----------
    lhs
        The named quantity.
    rhs
        Its value in quantities named before, exact.
    order
        Order of the cumulant, 0 for a definition that is no cumulant.

    Raises
    ------
    DomainError
        If a side is neither an expression nor LaTeX.
    OrderError
        If the order is no non-negative integer.
    """

    lhs: Any
    rhs: Any
    order: int = 0

    def __post_init__(self) -> None:
        for side in (self.lhs, self.rhs):
            if not isinstance(side, _SIDES) or isinstance(side, bool):
                raise DomainError(
                    f"Equation: a side is {brief(side)}; pass SymPy expressions, or LaTeX"
                )
        check_order(self.order, "Equation", 0)

    @property
    def eq(self) -> Any:
        """As an unevaluated SymPy equation.

        Raises
        ------
        DomainError
            If a side is LaTeX.
        """
        for side in (self.lhs, self.rhs):
            if isinstance(side, str):
                raise DomainError(f"Equation: {brief(side)} is LaTeX, no expression; print it")
        return sp.Eq(self.lhs, self.rhs, evaluate=False)

    def _repr_latex_(self) -> str:
        from .latex import inline_display

        return inline_display([(self.lhs, self.rhs)])

    def _repr_html_(self) -> str:
        from .latex.html import card, equation

        return card("Equation", equation(self.lhs, self.rhs))


@dataclass(frozen=True)
class Step:
    """One step of a derivation.

    Attributes
    ----------
    rule
        Name of the rule applied.
    text
        One sentence that says what is done.
    statement
        The equations this step asserts.
    hypotheses
        Conditions it needs.
    reference
        Key into :data:`cumulant_theory.references.REFERENCES`.
    uses
        Positions (from 1) of the steps it builds on.
    check
        Re-derives the statement by an unrelated route; raises VerificationError where it fails.
        It reads the statement from the step it is given, so a changed statement is caught.
    """

    rule: str
    text: str
    statement: tuple[Equation, ...]
    check: Check = field(repr=False, compare=False)
    hypotheses: tuple[str, ...] = ()
    reference: str = ""
    uses: tuple[int, ...] = ()

    def __repr__(self) -> str:
        return f"Step({self.rule}: {len(self.statement)} equations)"

    def _repr_latex_(self) -> str:
        from .latex import inline_display

        return inline_display([(e.lhs, e.rhs) for e in self.statement], see=".statement")

    def _repr_html_(self) -> str:
        return self._card()

    def _card(self, room: int = 24_000) -> str:
        from .claims import claim, claims
        from .latex.html import card, equations, facts

        rows = [
            ("requires", claims(self.hypotheses)), ("uses steps", list(self.uses)),
            ("reference", str(reference(self.reference)) if self.reference else None),
        ]
        lines = [(e.lhs, e.rhs) for e in self.statement]
        statement = equations(lines, ".statement", most=6, room=room)
        return card(self.rule, claim(self.text) if self.text else "", statement, facts(rows))


@dataclass(frozen=True)
class Verification:
    """What a verification did.

    Attributes
    ----------
    steps, equations
        How many steps and equations were checked.
    points
        Random exact points per step.
    seed
        Of the random points.
    """

    steps: int
    equations: int
    points: int
    seed: int

    def __bool__(self) -> bool:
        return True

    def _repr_html_(self) -> str:
        from .latex.html import card, verdict

        return card(verdict(str(self), True))

    def __str__(self) -> str:
        return (
            f"verified: {self.steps} steps, {self.equations} equations, each at {self.points} "
            f"exact random points (seed {self.seed})"
        )


@dataclass(frozen=True)
class Derivation:
    """Steps that lead from a law and a network to its cumulants.

    Examples
    --------
    >>> from cumulant_theory import laws, layers
    >>> derivation = layers.Mean(2).propagate(laws.Generic("kappa").iid(2), order=2).derivation
    >>> print(derivation.verify())                             # doctest: +ELLIPSIS
    verified: ... steps, ... equations, each at 2 exact random points (seed 0)
    """

    title: str
    steps: tuple[Step, ...]
    hypotheses: tuple[str, ...] = ()

    @explained
    def verify(self, points: int = 2, seed: int = 0) -> Verification:
        """Re-check every step by an unrelated exact route.

        Parameters
        ----------
        points
            Random exact points per step, at least 1. The statements are polynomial identities:
            a wrong one holds at a random point with negligible probability.
        seed
            Of the points.

        Raises
        ------
        VerificationError
            At the first step that does not hold, naming it.
        DomainError
            If ``points`` is below 1, or more than anyone can wait for.
        """
        if points < 1:
            raise DomainError(f"verify(points={points}): at least one point is needed")
        if points > _POINTS:
            raise DomainError(f"verify(points={points}): at most {_POINTS} can be done")
        for number, step in enumerate(self.steps, 1):
            rng = random.Random(f"{seed}-{number}")
            for _ in range(points):
                try:
                    step.check(step, rng)
                except (VerificationError, DomainError) as error:
                    raise VerificationError(
                        f"{self.title}, step {number} ({step.rule}): {error}"
                    ) from None
        equations = sum(len(s.statement) for s in self.steps)
        return Verification(len(self.steps), equations, points, seed)

    @explained
    def with_step(self, number: int, **changes: Any) -> "Derivation":
        """A copy with fields of step ``number`` (from 1) changed.

        Raises
        ------
        DomainError
            If there is no such step.
        """
        if not 1 <= number <= len(self.steps):
            raise DomainError(f"step {number}: this derivation has steps 1 to {len(self.steps)}")
        steps = list(self.steps)
        steps[number - 1] = replace(steps[number - 1], **changes)
        check_fields(steps[number - 1])
        return replace(self, steps=tuple(steps))

    def article(self) -> Any:
        """The derivation as a document for :mod:`cumulant_theory.latex`."""
        from . import latex
        from .claims import typeset_claim

        stated = "; ".join(map(typeset_claim, self.hypotheses))
        head = [latex.Paragraph(f"Hypotheses: {stated}.")] if stated else []
        return latex.Article(
            title=typeset_claim(self.title), blocks=[*head, *self.latex_blocks()],
            references=self.references(),
        )

    def latex_blocks(
        self, prefix: str = "step:", shown: Mapping[str, Sequence[Equation]] | None = None
    ) -> list[Any]:
        """The steps as blocks of an article.

        Parameters
        ----------
        prefix
            Of the labels, before the number of the step.
        shown
            Label -> equations that the article shows there already; a step that states no others
            refers to them.
        """
        from . import latex
        from .claims import typeset_claim

        def block(number: int, step: Step) -> Any:
            place = next((
                label for label, equations in (shown or {}).items()
                if step.statement and all(e in equations for e in step.statement)
            ), "")
            told = f" The equations are those of [[{place}]]." if place else ""
            return latex.Step(
                rule=step.rule, text=typeset_claim(step.text) + told,
                statement=() if place else tuple(
                    latex.Equation(e.lhs, e.rhs, order=e.order) for e in step.statement
                ),
                hypotheses=tuple(map(typeset_claim, step.hypotheses)),
                reference=step.reference or None,
                uses=tuple(f"{prefix}{k}" for k in step.uses), label=f"{prefix}{number}",
            )

        return [block(number, step) for number, step in enumerate(self.steps, 1)]

    def references(self) -> dict[str, Reference]:
        """Key -> entry of what the steps refer to."""
        return {s.reference: reference(s.reference) for s in self.steps if s.reference}

    def to_latex(self) -> str:
        """The derivation as a standalone LaTeX article."""
        return self.article().to_tex()

    @explained
    def write_tex(self, path: str | Path) -> Path:
        """Write the article; it compiles with latexmk.

        Raises
        ------
        OutputError
            If the file cannot be written.
        """
        return self.article().write(path)

    def _repr_latex_(self) -> str:
        from .latex import inline_display

        return inline_display(
            [(e.lhs, e.rhs) for s in self.steps for e in s.statement], see=".steps"
        )

    def _repr_html_(self) -> str:
        from .claims import claims
        from .latex.html import Markup, card, count, facts, folded

        room = 36_000 // max(min(len(self.steps), _STEPS), 1)
        steps = [
            folded(f"{k}. {s.rule}: {s.text}", s._card(room))
            for k, s in enumerate(self.steps[:_STEPS], 1)
        ]
        left = len(self.steps) - _STEPS
        note = f"… {count(left, 'more step')}; see .steps" if left > 0 else ""
        head = facts([("steps", len(self.steps)), ("requires", claims(self.hypotheses))])
        return card(self.title[:160], head, Markup("".join(steps)), note=note)

    def __len__(self) -> int:
        return len(self.steps)

    def __getitem__(self, number: int) -> Step:
        return entry_at(self.steps, number, "steps of the derivation")

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __repr__(self) -> str:
        return f"Derivation({self.title!r}, {len(self.steps)} steps)"


_STEPS = 14  # steps on display
_POINTS = 10**9  # of a verification


class Derived:
    """A result that may know the steps that lead to it.

    Attributes
    ----------
    state
        Name of its units in printed formulas.
    """

    state: str
    _derive: Callable[[], Derivation] | None

    @property
    def derivation(self) -> Derivation:
        """The steps that lead here; ``derivation.verify()`` re-checks each of them.

        Raises
        ------
        DomainError
            If these cumulants were given or substituted, not derived.

        Examples
        --------
        >>> from cumulant_theory import laws, layers
        >>> out = layers.Mean(2).propagate(laws.Generic("kappa").iid(2), order=2)
        >>> out.derivation
        Derivation('Joint cumulants of mean (2 → 1)', 3 steps)
        """
        if self._derive is None:
            raise DomainError(
                f"the cumulants of {self.state} were given, not derived; call .derivation on the "
                "result of a layer's propagate()"
            )
        return self._derive()


def require_equal(left: Any, right: Any, what: str) -> None:
    """Raise VerificationError unless the two exact values are the same."""
    if answer_of(operator.ne, (left, right), what, "pass exact values") is not False:
        raise VerificationError(
            f"{what}: the statement gives {right}, the independent route {left}"
        )
