"""What a theorem is, and the registry."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from ..arguments import explained
from ..derivation import Derivation, Verification
from ..errors import UnknownNameError
from ..latex import Article, Block, Proof, Statement
from ..latex.html import card, folded, prose
from ..references import Reference

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

    def latex_blocks(self) -> list[Block]:
        """Statement and proof as blocks of an article."""
        assumed = "; ".join(self.hypotheses)
        return [
            Statement(
                title=self.title, text=f"{self.statement} Assumed: {assumed}.",
                label=f"thm:{self.name}",
            ),
            Proof(self.derivation.latex_blocks(f"{self.name}:")),
        ]

    def references(self) -> dict[str, Reference]:
        """Key -> entry of what the proof refers to."""
        return self.derivation.references()

    def to_latex(self) -> str:
        """Statement and proof as a standalone article."""
        return article([self.name]).to_tex()

    def __repr__(self) -> str:
        return f"Theorem({self.name!r}: {self.title})"

    def _repr_html_(self) -> str:
        known = "derivation" in vars(self)  # a proof is not made for display
        proof = folded("proof", self.derivation._repr_html_()) if known else ""
        assumed = prose("Hypotheses: " + "; ".join(self.hypotheses) + ".")
        note = "" if known else "proof: .derivation"
        return card(prose(self.title), prose(self.statement), assumed, proof, note=note)

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


@explained
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


@explained
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
    return Article(
        title=title or "When a network that fits its training law misses the block sum",
        blocks=[get(name) for name in (catalogue() if names is None else names)],
    )
