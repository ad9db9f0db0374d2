"""Cumulants of whole data sets, from arrays or from batches with or without classes."""

from collections.abc import Iterable, Iterator
from typing import Any

import sympy as sp

from cumulant_theory.arguments import brief, entries, explained
from cumulant_theory.errors import DomainError, ShapeError

from ..backends.numpy import as_float64
from .accumulator import ROWS_PER_ORDER, InputCumulants

_BLOCKS = 40


@explained
def input_cumulants(
    data: Any,
    labels: Any = None,
    *,
    order: int = 3,
    unbiased: bool = False,
    device: Any = None,
) -> Any:
    """Mean, covariance and third cumulants of data, streaming.

    Parameters
    ----------
    data : (N, ...) array or tensor, or iterable of batches
        Batches, such as those of a DataLoader, are arrays or tensors (n, ...), or pairs (x, y) of
        which x is taken. Axes after the first are flattened.
    labels : (N,) array or True, optional
        Classes of the rows of an array; True for an iterable of pairs (x, y). Then there is one
        result for each class.
    order : int
        Highest order, 1 to 3.
    unbiased : bool
        k-statistics in place of population cumulants; see `InputCumulants`.
    device
        Where tensors are moved before they are summed.

    Returns
    -------
    InputCumulants, or dict of class -> InputCumulants
        With ``mean``, ``cov``, ``kappa3`` and ``standard_error(r)``.

    Raises
    ------
    ShapeError
        If there are no points, widths differ, or labels do not match the rows.
    DomainError
        If entries are not finite, or a device is given for data that has none.
    OrderError
        If the order is not 1, 2 or 3.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[0.0, 0.0], [0.0, 3.0], [3.0, 0.0]])
    >>> input_cumulants(x).kappa3[0, 0]
    array([ 2., -1.])
    >>> input_cumulants(x, labels=[0, 1, 1], order=2)[1].mean
    array([1.5, 1.5])
    """
    whole = InputCumulants(order, unbiased)
    classes: dict[Any, InputCumulants] = {}
    waiting: dict[Any, list[Any]] = {}
    for x, y in _batches(data, labels):
        x = _placed(x, device)
        if y is None:
            whole.update(x)
            continue
        for label in _distinct(y):
            rows = [k for k, found in enumerate(y) if found == label]
            waiting.setdefault(label, []).append(x[rows])
            held = waiting[label]
            if sum(map(len, held)) >= ROWS_PER_ORDER * order:
                classes.setdefault(label, InputCumulants(order, unbiased)).update(_joined(held))
                held.clear()
    for label, held in waiting.items():
        found = classes.setdefault(label, InputCumulants(order, unbiased))
        if held:
            found.update(_joined(held))
    if not whole.count and not classes:
        raise ShapeError("the data has no points; give at least one")
    return whole if labels is None else dict(sorted(classes.items()))


def _batches(data: Any, labels: Any) -> Iterator[tuple[Any, list[Any] | None]]:
    """Batches and their classes; an array in pieces that make standard errors."""
    if isinstance(data, sp.Basic):  # some have an attribute shape that fails
        raise ShapeError(f"data is {brief(data)}; pass an array, a tensor or batches of them")
    streamed = not hasattr(data, "shape") and not _is_table(data)
    if streamed:
        if labels is not None and labels is not True:
            raise ShapeError("labels of a stream come in its pairs (x, y); pass labels=True")
        if not isinstance(data, Iterable):
            raise ShapeError(f"data is {brief(data)}; pass an array, a tensor or batches of them")
        for batch in data:
            pair = isinstance(batch, (list, tuple)) and len(batch) == 2
            if labels is not None and not pair:
                raise ShapeError("labels=True needs batches that are pairs (x, y)")
            yield (batch[0] if pair else batch), (_list(batch[1]) if labels is not None else None)
        return
    if labels is True:
        raise ShapeError("an array has no labels of its own; pass one per row")
    listed = hasattr(data, "__array__") and hasattr(data, "__len__")
    array = data if listed else as_float64(data, "data")
    if len(getattr(array, "shape", ())) == 0:
        raise ShapeError(f"data {brief(data)}; pass rows of numbers, or batches of them")
    classes = None if labels is None else _list(labels)
    if classes is not None and len(classes) != len(array):
        raise ShapeError(f"{len(classes)} labels do not fit {len(array)} rows; pass one per row")
    rows = max(3 * ROWS_PER_ORDER, -(-len(array) // _BLOCKS))
    for start in range(0, len(array), rows):
        piece = slice(start, start + rows)
        yield array[piece], None if classes is None else classes[piece]


def _is_table(data: Any) -> bool:
    """Nested lists of numbers, as against a list of batches."""
    first = data[0] if isinstance(data, (list, tuple)) and data else None
    return isinstance(first, (list, tuple)) and all(isinstance(v, (int, float)) for v in first)


def _list(labels: Any) -> list[Any]:
    return entries(labels, "labels", "one number or word per row")


def _distinct(labels: list[Any]) -> list[Any]:
    try:
        found = sorted(set(labels))
    except TypeError:
        raise ShapeError(
            f"labels such as {labels[0]!r} are no classes; pass one number or word per row, all "
            "of one type"
        ) from None
    if any(label != label for label in found):
        raise ShapeError("labels have NaN entries; give every row a class")
    return found


def _joined(pieces: list[Any]) -> Any:
    if len(pieces) == 1:
        return pieces[0]
    rows = sum(map(len, pieces))
    whole = pieces[0][[0] * rows]
    at = 0
    for piece in pieces:
        whole[at : at + len(piece)] = piece
        at += len(piece)
    return whole


def _placed(x: Any, device: Any) -> Any:
    if device is None:
        return x
    if not hasattr(x, "to"):
        raise DomainError(f"device={device!r} is for tensors, not {type(x).__name__}; leave it out")
    try:
        return x.to(device)
    except (RuntimeError, AssertionError) as error:
        raise DomainError(f"device={device!r} cannot be used: {error}") from error
