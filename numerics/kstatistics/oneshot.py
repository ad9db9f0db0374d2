"""One-shot k-statistics of a sample held in memory."""

from numpy.typing import ArrayLike

from cumulant_theory.arguments import explained
from numerics.backends.numpy import plain_array
from numerics.kstatistics.accumulator import KStatistics, Value


@explained
def kstatistic(data: ArrayLike, order: int) -> Value:
    """Univariate k-statistic of one sample.

    Parameters
    ----------
    data : (N,) array
        Samples; (S, N, 1) for S networks.
    order : int
        1 to 8.

    Returns
    -------
    float, or array (S,)

    Raises
    ------
    OrderError
        Order outside 1..8 or above the number of samples.
    DomainError, ShapeError
        As for `KStatistics.update`.

    Examples
    --------
    >>> kstatistic([1.0, 2.0, 6.0], 2)
    7.0
    """
    return KStatistics(1, order=order).update(data).cumulant(order)


@explained
def cumulants(data: ArrayLike, order: int = 4) -> dict[tuple[int, ...], Value]:
    """All joint k-statistics of one sample, keyed by multi-index.

    Parameters
    ----------
    data : (N,), (N, d) or (S, N, d) array
        Samples.
    order : int
        1 to 8; joint cumulants go to 4.

    Returns
    -------
    dict
        From multi-index to float, or to array (S,).

    Raises
    ------
    OrderError
        Order outside 1..8 or above the number of samples.
    DomainError, ShapeError
        As for `KStatistics.update`.

    Examples
    --------
    >>> cumulants([[0.0, 0.0], [1.0, 3.0]], order=2)
    {(1, 0): 0.5, (0, 1): 1.5, (2, 0): 0.5, (1, 1): 1.5, (0, 2): 4.5}
    """
    shape = plain_array(data, "data").shape
    dim = 1 if len(shape) < 2 else shape[-1]
    k = KStatistics(dim, order=order).update(data)
    k._need(order)
    return k.as_dict()
