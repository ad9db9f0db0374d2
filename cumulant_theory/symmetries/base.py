"""The symmetry of a weight matrix: base classes and the registry."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, ClassVar

from cumulant_theory.algebra import as_integer, check_at_most, check_entries
from cumulant_theory.algebra.limits import UNIT_LIMIT
from cumulant_theory.arguments import brief, explained
from cumulant_theory.errors import ShapeError, SymmetryError, UnknownNameError
from cumulant_theory.symmetries.actions import (
    Action,
    PermutationAction,
    same_action,
)
from cumulant_theory.symmetries.solve import (
    nullspace_basis,
    nullspace_bias_basis,
    orbit_basis,
    orbit_bias_basis,
)
from cumulant_theory.symmetries.tying import Tying

_REGISTRY: dict[str, type["Symmetry"]] = {}


def catalogue() -> tuple[str, ...]:
    """Names of all known symmetries, sorted.

    Examples
    --------
    >>> from cumulant_theory import symmetries
    >>> "cyclic" in symmetries.catalogue()
    True
    """
    return tuple(sorted(_REGISTRY))


@explained
def get(name: str) -> type["Symmetry"]:
    """The symmetry class of that name.

    Raises
    ------
    UnknownNameError
        If no symmetry is called so; the message lists those known.

    Examples
    --------
    >>> from cumulant_theory import symmetries
    >>> symmetries.get("cyclic")()
    Cyclic()
    """
    try:
        return _REGISTRY[name]
    except (KeyError, TypeError):
        raise UnknownNameError.of("symmetry", name, _REGISTRY) from None


class Symmetry(ABC):
    """A group with representations on the outputs and inputs of an affine layer.

    Subclasses are frozen dataclasses, name themselves by the class keyword `name` and give
    `latex`, `examples` and `_tie`; that alone puts them into the registry and its tests.

    Notes
    -----
    The constraint is rho_out(g) W rho_in(g)^-1 = W and rho_out(g) c = c for every g.
    """

    name: ClassVar[str]

    def __init_subclass__(cls, name: str | None = None, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if name is not None:
            cls.name = name
            _REGISTRY[name] = cls

    @property
    @abstractmethod
    def latex(self) -> str:
        """LaTeX name of the group, with n for a degree that the layer decides."""

    @classmethod
    @abstractmethod
    def examples(cls) -> tuple[tuple["Symmetry", int, int], ...]:
        """Some (symmetry, out_features, in_features) that fit; the conformance tests use them."""

    @abstractmethod
    def _tie(self, out_features: int, in_features: int) -> Tying: ...

    @explained
    def tie(self, out_features: int, in_features: int) -> Tying:
        """The tying of a layer with that many outputs and inputs.

        Parameters
        ----------
        out_features, in_features : int, at least 1

        Returns
        -------
        Tying

        Raises
        ------
        ShapeError
            If a number of features is not a positive integer.
        SymmetryError
            If the group cannot act on that many units, or would force all weights to zero.

        Examples
        --------
        >>> from cumulant_theory import symmetries
        >>> symmetries.Cyclic().tie(3, 3).dimension
        3
        """
        for label, value in (("out_features", out_features), ("in_features", in_features)):
            if as_integer(value, 1) is None:
                raise ShapeError(f"{self!r}: {label}={value!r}; give an integer of at least 1")
        check_entries(int(out_features), int(in_features), repr(self))
        return _cached_tie(self, int(out_features), int(in_features))

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """What a derivation that uses this symmetry assumes; a Tying states it with degrees."""
        return self._hypotheses(plain(self.latex), "inputs and outputs")

    def _hypotheses(self, group: str, units: str) -> tuple[str, ...]:
        return (
            f"weights of the layer commute with the action of {group} on {units}",
            f"bias of the layer is fixed by {group}",
        )

    def _assemble(
        self, shape: tuple[int, int], actions: Sequence[Action], group: str, basis: Any = None
    ) -> Tying:
        """Solve for the tying, by orbits where all actions permute, else by null space."""
        permuting = [a for a in actions if isinstance(a, PermutationAction)]
        if len(permuting) == len(actions):
            weights = orbit_basis(shape, permuting)
            bias = orbit_bias_basis(shape[0], permuting)
            silent = all(a.out.is_identity for a in permuting)
        else:
            weights = nullspace_basis(shape, actions) if basis is None else basis
            bias = nullspace_bias_basis(shape[0], actions)
            silent = False
        units = "inputs" if silent else "inputs and outputs"
        return Tying(
            out_features=shape[0],
            in_features=shape[1],
            weight_vectors=weights,
            bias_vectors=bias,
            actions=tuple(actions),
            group=group,
            hypotheses=self._hypotheses(plain(group), units),
        )

    def _misfit(self, out_features: int, in_features: int, advice: str) -> SymmetryError:
        return SymmetryError(
            f"{self!r} does not fit a layer with in_features={in_features}, "
            f"out_features={out_features}: {advice}"
        )

    def __repr__(self) -> str:
        values = ((f.name, getattr(self, f.name)) for f in fields(self) if f.repr)  # pyright: ignore[reportArgumentType]
        shown = ", ".join(f"{key}={value!r}" for key, value in values if value is not None)
        return f"{type(self).__name__}({shown})"

    def _repr_latex_(self) -> str:
        return f"${self.latex}$"

    def _repr_html_(self) -> str:
        from .display import symmetry_card

        return symmetry_card(self)


@lru_cache(maxsize=512)
def _cached_tie(symmetry: Symmetry, out_features: int, in_features: int) -> Tying:
    return symmetry._tie(out_features, in_features)


def plain(latex: str) -> str:
    r"""A group name in plain text.

    Examples
    --------
    >>> plain(r"S_{2} \wr S_{3}"), plain(r"\mathrm{Aut}(\Gamma)")
    ('S_2 wr S_3', 'Aut(Gamma)')
    """
    text = re.sub(r"\\(?:mathrm|mathbb|mathfrak)\{(\w+)\}", r"\1", latex)
    text = text.replace(r"\times", "x").replace("\\{", "{").replace("\\}", "}")
    return re.sub(r"\{(\w+)\}", r"\1", text).replace("\\", "")


def positive(value: Any, what: str, least: int = 1) -> int:
    """Check an integer argument of a symmetry.

    Raises
    ------
    SymmetryError
        If it is not an integer of at least `least`.

    Examples
    --------
    >>> positive(3, "Cyclic: degree")
    3
    """
    number = as_integer(value, least)
    if number is None:
        raise SymmetryError(f"{what}={brief(value)}; give an integer of at least {least}")
    check_at_most(number, UNIT_LIMIT, f"{what} is too large", "units", "take a smaller degree")
    return number


@dataclass(frozen=True, repr=False)
class SiteSymmetry(Symmetry):
    """Permutations of `degree` sites; a unit is one channel of one site.

    The unit index is channel * degree + site. A side of a single unit carries the trivial action
    (unless degree is 1).

    Parameters
    ----------
    degree : int, optional
        Number of sites. By default in_features where out_features is a multiple of it,
        out_features where it is the other way round, and the larger where one side is one unit.

    Raises
    ------
    SymmetryError
        If degree is not a positive integer.
    """

    degree: int | None = None

    def __post_init__(self) -> None:
        if self.degree is not None:
            degree = positive(self.degree, f"{type(self).__name__}: degree")
            object.__setattr__(self, "degree", degree)

    @abstractmethod
    def _group(self, degree: object) -> str:
        """LaTeX name of the group at that degree."""

    @abstractmethod
    def _site_generators(self, degree: int) -> Iterable[Sequence[int]]:
        """Array forms of the generators on the sites."""

    @property
    def latex(self) -> str:
        """LaTeX name of the group."""
        return self._group("n" if self.degree is None else self.degree)

    @classmethod
    def examples(cls) -> tuple[tuple[Symmetry, int, int], ...]:
        """Square, pooled, lifted, stacked in channels."""
        return (
            (cls(), 4, 4),
            (cls(), 1, 3),
            (cls(), 3, 1),
            (cls(), 6, 3),
            (cls(), 2, 4),
            (cls(degree=2), 4, 6),
        )

    def _tie(self, out_features: int, in_features: int) -> Tying:
        n = self._fitting_degree(out_features, in_features)
        channels = [0 if k == 1 and n > 1 else k // n for k in (out_features, in_features)]
        actions = same_action(self._site_generators(n), channels[0], channels[1])
        return self._assemble((out_features, in_features), actions, self._group(n))

    def _fitting_degree(self, out_features: int, in_features: int) -> int:
        if self.degree is None:
            small, large = sorted((out_features, in_features))
            if small == 1:
                return large
            if large % small == 0:
                return small
            raise self._misfit(
                out_features,
                in_features,
                f"neither number is a multiple of the other; use out_features=1 or a multiple of "
                f"{in_features}, or name the number of sites by degree=",
            )
        n = self.degree
        if any(k != 1 and k % n for k in (out_features, in_features)):
            raise self._misfit(
                out_features,
                in_features,
                f"{plain(self.latex)} acts on {n} sites; use multiples of {n}, or 1 for a unit "
                "that it leaves alone",
            )
        return n


__all__ = ["SiteSymmetry", "Symmetry", "catalogue", "get", "plain", "positive"]
