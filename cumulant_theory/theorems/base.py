"""What a theorem is, and the registry."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..derivation import Derivation, Verification
from ..errors import UnknownNameError
from ..latex import Article

_REGISTRY: dict[str, "Theorem"] = {}


@dataclass(frozen=True)
class Theorem:
    """A named result with its proof.

    Parameters
    ----------
    name
        Key in the registry.
    title
        Heading.
    statement
        What is claimed, with mathematics between dollar signs.
    hypotheses
        Under which conditions.
    prove
        Makes the proof; each step carries its own independent check.

    Examples
    --------
    >>> from cumulant_theory import theorems
    >>> theorems.get("linear_units").title
    'A linear unit that matches the block sum for every law is the block sum'
    """

    name: str
    title: str
    statement: str
    hypotheses: tuple[str, ...]
    prove: Callable[[], Derivation]

    @cached_property
    def derivation(self) -> Derivation:
        """The proof."""
        return self.prove()

    def verify(self, points: int = 2, seed: int = 0) -> Verification:
        """Re-check every step; see :meth:`cumulant_theory.derivation.Derivation.verify`."""
        return self.derivation.verify(points, seed)

    def to_latex(self) -> str:
        """Statement and proof as a standalone article."""
        return article([self.name]).to_tex()

    def __repr__(self) -> str:
        return f"Theorem({self.name!r}: {self.title})"

    def _repr_markdown_(self) -> str:
        assumed = "; ".join(self.hypotheses)
        return f"**{self.title}.** {self.statement}\n\n*Hypotheses:* {assumed}."


def register(theorem: Theorem) -> Theorem:
    """Put a theorem into the registry."""
    _REGISTRY[theorem.name] = theorem
    return theorem


def catalogue() -> tuple[str, ...]:
    """Names of all theorems, in the order in which they build on each other.

    Examples
    --------
    >>> from cumulant_theory import theorems
    >>> "gaussian_sphere" in theorems.catalogue()
    True
    """
    return tuple(_REGISTRY)


def get(name: str) -> Theorem:
    """The theorem of that name.

    Raises
    ------
    UnknownNameError
        If no theorem is called so; the message lists those known.
    """
    try:
        return _REGISTRY[name]
    except (KeyError, TypeError):
        raise UnknownNameError.of("theorem", name, _REGISTRY) from None


def article(names: Iterable[str] | None = None, title: str = "") -> Article:
    """Theorems with their proofs as one document.

    Parameters
    ----------
    names
        Which; all by default.
    title
        Of the document.

    Raises
    ------
    UnknownNameError
        If a name is unknown.

    Examples
    --------
    >>> from cumulant_theory import theorems
    >>> paper = theorems.article(["mirror_image"])
    >>> paper.compile("theorems.pdf")                              # doctest: +SKIP
    """
    chosen = [get(name) for name in (catalogue() if names is None else names)]
    blocks: list[Any] = []
    references: dict[str, str] = {}
    for theorem in chosen:
        proof = theorem.derivation
        blocks += theorem_blocks(theorem)
        references |= proof.references()
    return Article(
        title=title or "When a network that fits its training law misses the block sum",
        blocks=blocks, references=references,
    )


def theorem_blocks(theorem: Theorem) -> list[Any]:
    """Statement and proof as blocks of an article."""
    from .. import latex

    assumed = "; ".join(theorem.hypotheses)
    return [
        latex.Statement(
            title=theorem.title, text=f"{theorem.statement} Assumed: {assumed}.",
            label=f"thm:{theorem.name}",
        ),
        latex.Proof(theorem.derivation.blocks(f"{theorem.name}:")),
    ]
