"""Layer tables that a comparison takes and the rows that it gives."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np

from cumulant_theory.arguments import explained
from cumulant_theory.errors import UnknownNameError
from cumulant_theory.latex.html import record, verdict, with_error
from numerics.tables import html_table, text_table, z_score

VERDICTS = ("agree", "disagree", "undecided")
Alpha = tuple[int, ...] | int
Table = Mapping[str, Mapping[Alpha, Any]]


@dataclass(frozen=True, repr=False)
class Prediction:
    """Cumulants of every layer as theory has them.

    Parameters
    ----------
    layers : tuple of str
        Names in network order.
    values : mapping
        values[layer][alpha] is a float, or an array (S,) over networks.
    exact : bool
        No closure was needed.
    closure : str
        Name of the closure.
    truncated : mapping
        truncated[layer] holds the alpha whose value neglects terms under the closure; a layer
        left out is exact.
    hypotheses : tuple of str
        What the prediction assumes.
    law : str
        Name of the input law.

    Examples
    --------
    >>> Prediction(("input",), {"input": {(1,): 0.0}}).rows()
    [('input', (1,), 0.0)]
    """

    layers: tuple[str, ...]
    values: Table
    exact: bool = True
    closure: str = "Exact()"
    hypotheses: tuple[str, ...] = ()
    law: str = ""
    truncated: Mapping[str, frozenset[Alpha]] = field(default_factory=dict)

    @explained
    def closure_of(self, layer: str, alpha: Alpha | None = None) -> str:
        """Closure that a value, or some value of a layer, rests on; ``Exact()`` for none.

        Raises
        ------
        UnknownNameError
            If there is no such layer.

        Examples
        --------
        >>> Prediction(("a",), {"a": {1: 0.0}}).closure_of("a")
        'Exact()'
        """
        if layer not in self.layers:
            raise UnknownNameError.of("layer", layer, self.layers)
        found = {key_of(a) for a in self.truncated.get(layer, ())}
        cut = bool(found) if alpha is None else key_of(alpha) in found
        return self.closure if cut else "Exact()"

    def rows(self) -> list[tuple[str, tuple[int, ...], Any]]:
        """Rows (layer, alpha, value)."""
        return [(la, key_of(a), v) for la in self.layers for a, v in self.values[la].items()]

    def __iter__(self) -> Iterator[tuple[str, tuple[int, ...], Any]]:
        return iter(self.rows())

    def _title(self) -> str:
        return f"predicted cumulants{_behind(self.law)}"

    def _cells(self) -> tuple[list[list[str]], str]:
        cells = [
            [layer, _index(alpha), _number(value), self.closure_of(layer, alpha)]
            for layer, alpha, value in _shown(self.rows())
        ]
        return [["layer", "alpha", "predicted", "closure"], *cells], _left(self.rows())

    def __repr__(self) -> str:
        return _text(self)

    def _repr_html_(self) -> str:
        (head, *rows), note = self._cells()
        width = len(head) if any(row[-1] != "Exact()" for row in rows) else len(head) - 1
        return html_table(self._title(), [head[:width], *(row[:width] for row in rows)], note)


@dataclass(frozen=True, repr=False)
class Measurement:
    """Cumulants of every layer as measured, with standard errors.

    Parameters
    ----------
    layers : tuple of str
        Names in network order.
    values, standard_errors : mapping
        [layer][alpha] is a float, or an array (S,) over networks.
    skewness : mapping
        Skewness of the batch values behind each standard error.
    heavy : mapping
        True where the tails are too heavy for the normal approximation.
    batches : int or mapping
        Number of batches B behind the standard errors, at least 2: one number, or batches[layer].
    samples : int
        Samples per network.
    seed : int or None
    law : str

    Examples
    --------
    >>> one = lambda value: {"input": {(1,): value}}
    >>> m = Measurement(("input",), one(0.1), one(0.2), one(0.0), one(False), 200)
    >>> m.rows()
    [('input', (1,), 0.1, 0.2)]
    """

    layers: tuple[str, ...]
    values: Table
    standard_errors: Table
    skewness: Table
    heavy: Table
    batches: int | Mapping[str, int]
    samples: int = 0
    seed: int | None = None
    law: str = ""

    def rows(self) -> list[tuple[str, tuple[int, ...], Any, Any]]:
        """Rows (layer, alpha, value, standard error)."""
        return [
            (la, key_of(a), v, self.standard_errors[la][a])
            for la in self.layers
            for a, v in self.values[la].items()
        ]

    def __iter__(self) -> Iterator[tuple[str, tuple[int, ...], Any, Any]]:
        return iter(self.rows())

    def _title(self) -> str:
        taken = f"{self.samples} samples" if self.samples else "measured"
        return f"measured cumulants{_behind(self.law)}, {taken}"

    def _cells(self) -> tuple[list[list[str]], str]:
        heavy = {la: {key_of(a) for a, flag in self.heavy[la].items() if np.any(flag)}
                 for la in self.layers}  # fmt: skip
        cells = [
            [layer, _index(alpha), _number(value), _number(error),
             "yes" if alpha in heavy[layer] else ""]
            for layer, alpha, value, error in _shown(self.rows())
        ]  # fmt: skip
        head = ["layer", "alpha", "measured", "std. error", "heavy tails"]
        return [head, *cells], _left(self.rows())

    def __repr__(self) -> str:
        return _text(self)

    def _repr_html_(self) -> str:
        if any(np.size(value) > 1 for _, _, value, _ in _shown(self.rows())):
            return html_table(self._title(), *self._cells())
        (_, *cells), note = self._cells()
        rows = [
            [layer, _index(alpha), with_error(float(value), float(error)), row[-1]]
            for (layer, alpha, value, error), row in zip(_shown(self.rows()), cells, strict=True)
        ]
        width = 4 if any(row[-1] for row in rows) else 3
        head = ["layer", "alpha", "measured", "heavy tails"]
        return html_table(self._title(), [row[:width] for row in (head, *rows)], note)


ROWS_SHOWN = 32


def _behind(law: str) -> str:
    return f" of {law}" if law else ""


def _index(alpha: tuple[int, ...]) -> str:
    return "(" + ", ".join(map(str, alpha)) + ")"


def _number(value: Any) -> str:
    """A value, or the least and the largest of an ensemble."""
    values = np.atleast_1d(np.asarray(value, dtype=float))
    if values.size == 1:
        return f"{values[0] + 0.0:.6g}"  # no minus in front of zero
    return f"{values.min():.4g} to {values.max():.4g}"


def _shown(rows: list[Any]) -> list[Any]:
    return rows[:ROWS_SHOWN]


def _left(rows: list[Any]) -> str:
    more = len(rows) - ROWS_SHOWN
    return f"... and {more} more rows; .rows() has all" if more > 0 else ""


def _text(table: Any) -> str:
    cells, note = table._cells()
    return "\n".join([table._title(), *text_table(cells, left=(0, 1)), *([note] if note else [])])


class Row(NamedTuple):
    """One comparison; `network` is the index in the ensemble, 0 when there is none.

    `closure` is what the predicted value rests on, "Exact()" where nothing is neglected.
    """

    layer: str
    alpha: tuple[int, ...]
    order: int
    network: int
    predicted: float
    measured: float
    standard_error: float
    z: float
    p: float
    p_holm: float
    verdict: str
    closure: str = "Exact()"

    def _repr_html_(self) -> str:
        measured = with_error(self.measured, self.standard_error)
        good = {"agree": True, "disagree": False}.get(self.verdict)
        return record(self, "Comparison of one cumulant", measured=measured, standard_error=None,
                      z=z_score(self.z, good), verdict=verdict(self.verdict, good))  # fmt: skip


def key_of(alpha: Alpha) -> tuple[int, ...]:
    """Multi-index as a tuple.

    Examples
    --------
    >>> key_of(3)
    (3,)
    """
    given: Any = alpha
    return (int(given),) if isinstance(given, Integral) else tuple(given)
