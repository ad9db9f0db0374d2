"""Registry of laws by name."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from ..arguments import explained
from ..errors import DomainError, UnknownNameError
from .base import JointLaw, Law

_LAWS: dict[str, type] = {}
C = TypeVar("C", bound=type)


def register(law: C) -> C:
    """Class decorator that enters a law under its ``name``."""
    _LAWS[law.name] = law
    return law


@explained
def catalogue(kind: type = Law) -> dict[str, type]:
    """Registered laws of a kind, by name.

    Parameters
    ----------
    kind
        :class:`Law` for the univariate ones (default), :class:`JointLaw` for the others.

    Examples
    --------
    >>> sorted(catalogue(JointLaw))
    ['discrete_joint', 'empirical', 'iid', 'multivariate_normal', 'product']
    """
    return {name: law for name, law in _LAWS.items() if issubclass(law, kind)}


def _key(name: str) -> str:
    return "".join(c for c in name.casefold() if c.isalnum())


@explained
def get(name: str, *args: Any, **params: Any) -> Law | JointLaw:
    """Law by name; case, underscores and hyphens do not matter.

    Raises
    ------
    UnknownNameError
        For an unknown law or an unknown parameter, with the list of known ones.
    DomainError
        For missing parameters, and whatever the law itself rejects.

    Examples
    --------
    >>> get("normal", loc=0, scale="sigma")
    Normal(loc=0, scale=sigma)
    >>> get("student-t", df=5)
    StudentT(df=5, loc=0, scale=1)
    """
    by_key = {_key(known): law for known, law in _LAWS.items()}
    if not isinstance(name, str) or _key(name) not in by_key:
        raise UnknownNameError.of("law", name, _LAWS)
    law: Callable[..., Any] = by_key[_key(name)]
    signature = inspect.signature(law)
    for given in params:
        if given not in signature.parameters:
            raise UnknownNameError.of(f"parameter of law '{name}':", given, signature.parameters)
    try:
        signature.bind(*args, **params)
    except TypeError as error:
        raise DomainError(f"law '{name}': {error}; it takes {law.__name__}{signature}") from None
    return law(*args, **params)
