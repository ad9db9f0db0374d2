"""Errors that name the argument of the wrong kind.

Functions check what they can say something about: orders, sizes, domains. Of everything else they
only expect what their annotations state. :func:`explained` looks at these where a call has failed.
"""

import sys
import types
import typing
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import suppress
from functools import wraps
from inspect import signature
from numbers import Integral, Real
from typing import Any, TypeVar

import sympy as sp

from .errors import CumulantError, DomainError, ShapeError

__all__ = [
    "answer_of", "brief", "check_fields", "check_flag", "check_instance", "check_name", "entries",
    "entry_at", "explained",
]

T = TypeVar("T")

_LONGEST = 80
_WORDS = {
    int: "an integer", float: "a real number", str: "a text", bool: "True or False",
    type(None): "None", sp.Expr: "a SymPy expression", sp.Symbol: "a SymPy symbol",
}
_SEVERAL = (Sequence, Iterable, Collection, Iterator, tuple, list)


def brief(value: Any) -> str:
    """A value in a message, cut where it is long.

    Examples
    --------
    >>> brief("a" * 200)
    "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa..."
    """
    try:
        text = " ".join(repr(value).split())
    except Exception:  # whatever the repr of somebody else's class raises
        text = f"an object of {type(value).__name__}"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def check_name(value: Any, what: str) -> str:
    """The base name of symbols, such as ``W``, ``kappa`` or ``u,1``.

    Raises
    ------
    DomainError
        Unless it is a text of letters, digits, _ and commas that begins with a letter.

    Examples
    --------
    >>> check_name("kappa", "Generic: name")
    'kappa'
    >>> check_name("a b", "Generic: name")
    Traceback (most recent call last):
    cumulant_theory.errors.DomainError: Generic: name is 'a b'; pass the base name of symbols, ...
    """
    plain = isinstance(value, str) and value.replace(",", "").isidentifier() and value[0] != ","
    if not plain or not value[0].isalpha() or len(value) > _LONGEST:
        raise DomainError(
            f"{what} is {brief(value)}; pass the base name of symbols, letters, digits and _ that "
            "begin with a letter"
        )
    return value


def check_flag(value: Any, what: str, way_out: str = "pass True or False") -> None:
    """Raise DomainError unless a value is True or False."""
    if not isinstance(value, bool):
        raise DomainError(f"{what} is {brief(value)}; {way_out}")


def entries(value: Any, what: str, wanted: str = "a list of its entries") -> list[Any]:
    """What a list, tuple, array or matrix holds, outer axis first.

    Raises
    ------
    ShapeError
        For texts, mappings, sets and what holds nothing.

    Examples
    --------
    >>> entries((1, 2), "weights")
    [1, 2]
    >>> entries({1: 2}, "weights")
    Traceback (most recent call last):
    cumulant_theory.errors.ShapeError: weights: {1: 2}; pass a list of its entries
    """
    if hasattr(value, "tolist"):
        found = value.tolist()
        if isinstance(found, list):
            return found
    elif not isinstance(value, (str, bytes, Mapping, Set, type)) and hasattr(value, "__iter__"):
        with suppress(TypeError):  # of expressions that say they can be listed
            return list(value)
    raise ShapeError(f"{what}: {brief(value)}; pass {wanted}")


def entry_at(things: Sequence[T], position: Any, what: str) -> T:
    """An entry of a sequence.

    Raises
    ------
    DomainError
        Unless there is one at this position; negative ones count from the end.

    Examples
    --------
    >>> entry_at("abc", -1, "letters")
    'c'
    >>> entry_at("abc", 3, "letters")
    Traceback (most recent call last):
    cumulant_theory.errors.DomainError: letters: there is none at 3; pass an integer from 0 to 2
    """
    size = len(things)
    whole = isinstance(position, Integral) and not isinstance(position, bool)
    if not whole or not -size <= int(position) < size:
        raise DomainError(
            f"{what}: there is none at {brief(position)}; pass an integer from 0 to {size - 1}"
        )
    return things[int(position)]


def check_instance(value: Any, kinds: Any, what: str) -> None:
    """Raise DomainError unless a value is an instance of one of the classes.

    Examples
    --------
    >>> check_instance(3, str, "title")
    Traceback (most recent call last):
    cumulant_theory.errors.DomainError: title is 3; pass a text
    """
    if not isinstance(value, kinds):
        several = kinds if isinstance(kinds, tuple) else (kinds,)
        raise DomainError(f"{what} is {brief(value)}; pass {' or '.join(map(_words, several))}")


def check_fields(record: Any) -> None:
    """Raise DomainError where a field of a dataclass is of another kind than annotated."""
    kind = type(record)
    for name in kind.__dataclass_fields__:
        value, hint = getattr(record, name), _hint(kind, name)
        if not _fits(value, hint):
            raise DomainError(f"{kind.__name__}: {name} is {brief(value)}; pass {_words(hint)}")


def answer_of(function: Any, arguments: Sequence[Any], what: str, way_out: str) -> Any:
    """What a function that somebody has passed answers.

    Raises
    ------
    DomainError
        If it fails, unless by an error of this family.

    Examples
    --------
    >>> answer_of(abs, [-1], "map", "pass a function of densities")
    1
    >>> answer_of(abs, ["a"], "map", "pass a function of densities")
    Traceback (most recent call last):
    cumulant_theory.errors.DomainError: map: <built-in function abs> fails (TypeError: ...
    """
    try:
        return function(*arguments)
    except CumulantError:
        raise
    except Exception as error:
        why = f"{type(error).__name__}: {' '.join(str(error).split())}"
        raise DomainError(
            f"{what}: {brief(function)} fails ({why[:2 * _LONGEST]}); {way_out}"
        ) from error


def explained(target: T) -> T:
    """Decorator: a call that fails says which argument is of another kind than annotated.

    A call that succeeds, or fails by an error of this family, is left alone, and so is one whose
    arguments are all as annotated: that failure is a defect and has to be seen.

    Parameters
    ----------
    target
        A function, or a class, of which the constructor is meant.

    Examples
    --------
    >>> @explained
    ... def total(values: Sequence[int]) -> int:
    ...     return sum(values)
    >>> total([1, 2])
    3
    >>> total(3)
    Traceback (most recent call last):
    cumulant_theory.errors.DomainError: total: values is 3; pass a sequence of integers
    """
    if isinstance(target, type):
        target.__init__ = _explained(target.__init__, target.__name__)  # type: ignore[misc]
        return target
    function: Any = target
    return typing.cast(T, _explained(function, _called(function)))


def _called(function: Any) -> str:
    *_, owner, name = ("", *function.__qualname__.split("."))
    return owner if name == "__init__" else ".".join(filter(None, (owner, name))).replace(
        "<locals>.", ""
    )


def _explained(function: Callable[..., Any], called: str) -> Callable[..., Any]:
    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except CumulantError:
            raise
        except Exception:  # raised again unless an argument explains it
            found = _misfit(function, args, kwargs)
            if found is None:
                raise
        raise DomainError(f"{called}: {found}")

    return call


def _misfit(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> str | None:
    """The first argument that is not as annotated, in words."""
    try:
        form = signature(function)
        given = form.bind(*args, **kwargs).arguments
    except TypeError:
        return None
    for name, value in given.items():
        kind = form.parameters[name].kind
        hint = _hint(function, name)
        if kind is kind.VAR_KEYWORD:
            continue
        for v in value if kind is kind.VAR_POSITIONAL else (value,):
            if not _fits(v, hint):
                return f"{name} is {brief(v)}; pass {_words(hint)}"
            if hint is Any and isinstance(v, type):
                return f"{name} is the class {v.__name__}; pass an instance"
    return None


def _hint(function: Any, name: str) -> Any:
    """The annotation of a parameter; its text where its names are known to type checkers alone."""
    hint = function.__annotations__.get(name, Any)
    holder = types.SimpleNamespace(__annotations__={name: hint})
    try:
        names = vars(sys.modules[function.__module__])
        return typing.get_type_hints(holder, names)[name]
    except (NameError, TypeError, KeyError):
        return hint


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value may be meant by an annotation; True where that says nothing."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return True
    if hint is None:
        return value is None
    if isinstance(hint, str):
        known = {part.strip() for part in hint.split("|")}
        named = {c.__name__ for c in type(value).__mro__} | ({"None"} if value is None else set())
        return not all(map(str.isidentifier, known)) or not known.isdisjoint(named)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, h) for h in inner)
    if origin is typing.Literal:
        return any(type(value) is type(x) and value == x for x in inner)
    if origin is typing.Annotated:
        return _fits(value, inner[0])
    if hint is int:
        return isinstance(value, Integral) and not isinstance(value, bool)
    if hint is float:
        return isinstance(value, Real) and not isinstance(value, bool) and value == value
    if hint is bool:
        return isinstance(value, bool) or type(value).__name__ in ("bool", "bool_")
    kind = origin or hint
    if kind in _SEVERAL:
        return _several(value, inner, kind)
    if kind is Mapping or kind is dict:
        return isinstance(value, Mapping) and (not inner or all(
            _fits(k, inner[0]) and _fits(v, inner[1]) for k, v in value.items()))
    if kind is Callable:
        return callable(value)
    if kind is type:
        return isinstance(value, type)
    if isinstance(kind, type) and not getattr(kind, "_is_protocol", False):
        return isinstance(value, kind)
    return True


def _several(value: Any, inner: tuple[Any, ...], kind: Any) -> bool:
    if isinstance(value, (str, bytes, Mapping, type)) or not hasattr(value, "__iter__"):
        return False
    if kind in (tuple, list) and not isinstance(value, kind):
        return False  # something that can be hashed, or changed
    if kind is Sequence and isinstance(value, Set):
        return False  # of no order
    if not hasattr(value, "__len__"):
        return kind in (Iterable, Iterator)
    if isinstance(value, sp.Basic) and not isinstance(value, (sp.Tuple, sp.MatrixBase)):
        return False
    try:
        items = list(value)
    except Exception:  # whatever iterating over somebody else's class raises
        return False
    if kind is tuple and inner and inner[-1] is not Ellipsis:
        return len(items) == len(inner) and all(map(_fits, items, inner))
    return not inner or all(_fits(v, inner[0]) for v in items)


def _words(hint: Any) -> str:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(map(_words, inner))
    if origin is typing.Literal:
        return " or ".join(map(repr, inner))
    if hint in _WORDS:
        return _WORDS[hint]
    kind = origin or hint
    if kind is tuple and inner and inner[-1] is not Ellipsis:
        return f"a tuple of {', '.join(map(_words, inner))}"
    if kind in _SEVERAL:
        name = kind.__name__ if kind in (tuple, list) else "sequence"
        return f"a {name} of {_plural(inner[0])}" if inner else f"a {name}"
    if kind is Mapping or kind is dict:
        return "a mapping" + (f" from {_plural(inner[0])} to {_plural(inner[1])}" if inner else "")
    if kind is Callable:
        return "a function"
    name = getattr(kind, "__name__", str(kind).strip("'"))
    return "anything" if kind is Any else f"an instance of {name}"


def _plural(hint: Any) -> str:
    if hint is Any:
        return "values"
    words = _words(hint)
    for article in ("an ", "a "):
        if words.startswith(article) and " of " not in words and " or " not in words:
            return f"{words.removeprefix(article)}s"
    return words
