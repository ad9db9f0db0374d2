"""The exception family of the toolkit.

Every message names the object, says what is wrong with it, and what to do next. Catch
:class:`CumulantError` to catch them all.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches

_LONGEST = 3000


class CumulantError(Exception):
    """Root of all errors raised on purpose by this toolkit."""

    def __str__(self) -> str:
        """The message; the middle of a very long one is left out, and ``args`` has it whole."""
        text = super().__str__()
        if len(text) <= _LONGEST:
            return text
        return f"{text[:_LONGEST // 2]} [...] {text[-_LONGEST // 2:]}"


class ShapeError(CumulantError, ValueError):
    """Dimensions, degrees or index tuples that do not fit together."""


class DomainError(CumulantError, ValueError):
    """A value outside its domain: negative variance, NaN, a probability above one."""


class OrderError(CumulantError, ValueError):
    """A cumulant or moment order that does not exist or was not computed."""


class NoClosedFormError(CumulantError):
    """No exact answer exists under the requested closure."""


class SymmetryError(CumulantError, ValueError):
    """A group, representation or degree that does not fit."""


class UnknownNameError(CumulantError, LookupError):
    """A name that is in no registry."""

    @classmethod
    def of(cls, kind: str, name: object, known: Iterable[str]) -> "UnknownNameError":
        """Build the message that lists what is known and the nearest match.

        Examples
        --------
        >>> print(UnknownNameError.of("law", "Normol", ["Normal", "Uniform"]))
        unknown law 'Normol'; did you mean 'Normal'? Known: Normal, Uniform
        """
        known = sorted(known)
        close = get_close_matches(str(name), known, n=1)
        hint = f" did you mean '{close[0]}'?" if close else ""
        return cls(f"unknown {kind} '{name}';{hint} Known: {', '.join(known)}")


class VerificationError(CumulantError):
    """A derivation step or identity that an independent route contradicts."""


class ParseError(CumulantError, ValueError):
    """Text that is not an expression of the allowed language."""


class ConfigError(CumulantError, ValueError):
    """A configuration file that is malformed or asks for the impossible."""


class OutputError(CumulantError, OSError):
    """Results that cannot be written."""


class DivergenceError(CumulantError, ArithmeticError):
    """Training or propagation that left the finite numbers."""


class MissingDependencyError(CumulantError, ImportError):
    """An optional package that is not installed."""


class TimeLimitError(CumulantError, TimeoutError):
    """A computation that did not end within its time limit."""


class SweepError(CumulantError, RuntimeError):
    """Cells of a grid that failed; the others are finished and kept."""


class EngineError(CumulantError, RuntimeError):
    """An external program that failed, or whose answer contradicts its input."""


@contextmanager
def optional(package: str, use: str, extra: str) -> Iterator[None]:
    """Import a package that only some uses need; it stands inside of ``with``.

    Parameters
    ----------
    package
        What is imported.
    use
        What needs it, in words.
    extra
        The extra of this distribution that brings it.

    Raises
    ------
    MissingDependencyError
        If it cannot be imported.

    Examples
    --------
    >>> with optional("nowhere", "travels", "graphs"):
    ...     import nowhere
    Traceback (most recent call last):
    cumulant_theory.errors.MissingDependencyError: travels: nowhere is not installed; ...
    """
    try:
        yield
    except ImportError as error:
        raise MissingDependencyError(
            f"{use}: {package} is not installed; pip install 'cumulant-theory[{extra}]'"
        ) from error
