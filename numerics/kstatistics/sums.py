"""Centred power sums of blocks of samples: computing them, merging them, k-statistics of them.

A block of n samples of d units is stored as its count, its mean and its centred sums
M_alpha = sum over samples of prod_i (x_i - mean_i)^{alpha_i}, degrees 2 and higher.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cumulant_theory.errors import OrderError
from numerics.kstatistics.formulas import (
    MAX_JOINT_ORDER,
    block_multiplicity,
    check_order,
    integer_partitions,
    multi_index_binomial,
    set_partition_coefficient,
)

ROWS = 4096
_SINGLE_THREAD = 1 << 18  # OpenBLAS starts threads for products with more multiplications
MAX_CUMULANTS = 100_000
_GATHER = 1 << 21
_PAIRINGS = (((0, 1), (2, 3)), ((0, 2), (1, 3)), ((0, 3), (1, 2)))


class Sums(NamedTuple):
    """Centred power sums of B blocks for S independent networks.

    Attributes
    ----------
    counts : (B,) integer array
    means : (B, S, d) array, relative to a common pivot
    centred : (B, S, K) array, the sums of degree 2 and higher in the order of the layout
    """

    counts: NDArray[np.int64]
    means: NDArray[np.float64]
    centred: NDArray[np.float64]


class _Term(NamedTuple):
    parts: tuple[int, ...]
    weight: int
    targets: NDArray[np.intp]
    blocks: NDArray[np.intp]


@dataclass(frozen=True)
class Layout:
    """Which cumulants there are for given dim and order, and the index tables to get them.

    Attributes
    ----------
    alphas : tuple of multi-indices, by degree; the first `dim` are the means
    position : dict from multi-index to its place in `alphas`
    """

    dim: int
    order: int
    alphas: tuple[tuple[int, ...], ...]
    position: dict[tuple[int, ...], int]
    gram: NDArray[np.intp]
    pairs: tuple[NDArray[np.intp], NDArray[np.intp]]
    parents: tuple[tuple[NDArray[np.intp], NDArray[np.intp]], ...]
    shift: tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64], NDArray[np.intp]]
    terms: tuple[_Term, ...]


def _multi_index(indices: tuple[int, ...], dim: int) -> tuple[int, ...]:
    return tuple(indices.count(i) for i in range(dim))


@lru_cache(maxsize=64)
def layout(dim: int, order: int) -> Layout:
    """Index tables for joint cumulants to order min(order, 4) and univariate ones to `order`.

    Raises
    ------
    OrderError
        Order outside 1..8, or more than 100000 cumulants.

    Examples
    --------
    >>> [len(layout(4, order).alphas) for order in (1, 2, 3, 4, 8)]
    [4, 14, 34, 69, 85]
    """
    check_order(order, 1)
    joint = min(order, MAX_JOINT_ORDER)
    indices: list[tuple[int, ...]] = []
    for degree in range(1, order + 1):
        if degree <= joint:
            indices += combinations_with_replacement(range(dim), degree)
        else:
            indices += [(i,) * degree for i in range(dim)]
        if len(indices) > MAX_CUMULANTS:
            raise OrderError(
                f"{dim} units have more than {MAX_CUMULANTS} joint cumulants to order {order}; "
                "lower the order or measure fewer units"
            )
    place = {ix: k for k, ix in enumerate(indices)}
    alphas = tuple(_multi_index(ix, dim) for ix in indices)
    position = {alpha: k for k, alpha in enumerate(alphas)}

    pairs = [ix for ix in indices if len(ix) == 2]
    rows: dict[tuple[int, ...], int] = {(i,): i for i in range(dim)}
    if order > 2:
        rows |= {pair: dim + k for k, pair in enumerate(pairs)}
    for degree in (3, 4):
        if order > 2 * degree - 2:
            rows |= {(i,) * degree: len(rows) + i for i in range(dim)}
    width = len(rows)
    gram = [rows[ix[: len(ix) // 2]] * width + rows[ix[len(ix) // 2 :]] for ix in indices[dim:]]

    parents = []
    for degree in range(2, order + 1):
        group = [ix for ix in indices if len(ix) == degree]
        start = next(k for k, ix in enumerate(indices) if len(ix) == degree - 1)
        parents.append(
            (np.array([place[ix[:-1]] - start for ix in group]), np.array([ix[-1] for ix in group]))
        )

    return Layout(
        dim,
        order,
        alphas,
        position,
        np.array(gram, dtype=np.intp),
        (np.array([p[0] for p in pairs], dtype=np.intp), np.array([p[1] for p in pairs], np.intp)),
        tuple(parents),
        _shift_table(alphas, position, dim),
        _terms(indices, place, dim, order),
    )


def _shift_table(alphas, position, dim):
    """Terms (beta, alpha - beta, binomial) of each centred sum of degree >= 2 after a shift.

    Slots: 0 is the degree-0 sum or monomial, 1 + k is alphas[k].
    """
    old, monomial, weight, starts = [], [], [], []
    zero = (0,) * dim
    for alpha in alphas[dim:]:
        starts.append(len(old))
        betas = [zero]
        for unit, a in enumerate(alpha):
            betas = [(*b[:unit], v, *b[unit + 1 :]) for b in betas for v in range(a + 1)]
        for beta in betas:
            if sum(beta) == 1:
                continue
            gamma = tuple(a - b for a, b in zip(alpha, beta, strict=True))
            old.append(0 if beta == zero else 1 + position[beta])
            monomial.append(0 if gamma == zero else 1 + position[gamma])
            weight.append(multi_index_binomial(alpha, beta))
    return (
        np.array(old, dtype=np.intp),
        np.array(monomial, dtype=np.intp),
        np.array(weight, dtype=float),
        np.array(starts, dtype=np.intp),
    )


def _terms(indices, place, dim, order) -> tuple[_Term, ...]:
    """Products of centred sums in each k-statistic; partitions with a singleton vanish."""
    terms = []
    for degree in range(2, order + 1):
        group = [ix for ix in indices if len(ix) == degree]
        targets = np.array([place[ix] for ix in group])
        for parts in integer_partitions(degree):
            if 1 in parts:
                continue
            if degree <= MAX_JOINT_ORDER and len(parts) > 1:
                blocks = [
                    [[place[tuple(ix[k] for k in block)] - dim for block in pairing]
                     for pairing in _PAIRINGS]
                    for ix in group
                ]  # fmt: skip
                weight = 1
            elif len(parts) == 1:
                blocks, weight = [[[place[ix] - dim]] for ix in group], 1
            else:
                blocks = [[[place[ix[:p]] - dim for p in parts]] for ix in group]
                weight = block_multiplicity(parts)
            terms.append(_Term(parts, weight, targets, np.array(blocks)))
    return tuple(terms)


def block_sums(x: NDArray[np.float64], pivot: NDArray[np.float64], tables: Layout) -> Sums:
    """Centred sums of blocks of equal size.

    Parameters
    ----------
    x : (S, B, n, d) array
        Samples.
    pivot : (S, d) array
        Subtracted first; exact in floats when the data lie within a factor 2 of it, which is
        what keeps a large mean from eating the digits.
    tables : Layout

    Returns
    -------
    Sums
        With B blocks.
    """
    networks, blocks, n, dim = x.shape
    if n > ROWS:
        cuts = range(0, n, ROWS)
        pieces = [block_sums(x[:, :, a : a + ROWS], pivot, tables) for a in cuts]
        return merge_sums([*pieces], tables)
    means = np.empty((blocks, networks, dim))
    centred = np.empty((blocks, networks, len(tables.alphas) - dim))
    step = max(1, 2 * ROWS // (n * networks))
    for a in range(0, blocks, step):
        part = slice(a, min(a + step, blocks))
        means[part], centred[part] = _few_blocks(x[:, part], pivot, tables)
    return Sums(np.full(blocks, n, dtype=np.int64), means, centred)


def _few_blocks(x, pivot, tables):
    networks, blocks, n, dim = x.shape
    order, pairs = tables.order, len(tables.pairs[0])
    width = dim + (pairs if order > 2 else 0) + dim * ((order > 4) + (order > 6))
    rows = np.empty((width + 1, networks, blocks, n))
    rows[width] = 1.0
    first = rows[:dim]
    np.subtract(x.transpose(3, 0, 1, 2), pivot.T[:, :, None, None], out=first)
    means = first.sum(axis=-1) / n
    first -= means[..., None]
    means = means.transpose(2, 1, 0)
    if order == 1:
        return means, np.empty((blocks, networks, 0))
    if order > 2:
        k = dim
        for i in range(dim):
            np.multiply(first[i:], first[i], out=rows[k : k + dim - i])
            k += dim - i
        if order > 4:
            squares = rows[[dim + i * dim - i * (i - 1) // 2 for i in range(dim)]]
            np.multiply(squares, first, out=rows[k : k + dim])
            if order > 6:
                np.multiply(squares, squares, out=rows[k + dim : k + 2 * dim])
    stacked = rows.transpose(2, 1, 0, 3)
    # The row of ones makes left and right differ, and short cuts keep products small: BLAS then
    # takes its single-threaded path, several times faster here and safe on a busy machine.
    gram = np.zeros((blocks, networks, width, width))
    length = max(64, _SINGLE_THREAD // (width * (width + 1)))
    for a in range(0, n, length):
        cut = stacked[..., a : a + length]
        gram += (cut[:, :, :width] @ cut.swapaxes(-1, -2))[..., :width]
    return means, gram.reshape(blocks, networks, -1)[..., tables.gram]


def merge_sums(pieces: list[Sums], tables: Layout) -> Sums:
    """Merge corresponding blocks: block b of the result unites block b of every piece.

    Parameters
    ----------
    pieces : list of Sums
        All with the same B, S and pivot.
    tables : Layout

    Returns
    -------
    Sums
        With B blocks.

    References
    ----------
    P. Pebay, Sandia report SAND2008-6212 (2008), eqs 2.1 and 3.1 (joint form: Pebay et al.,
    Comput. Stat. 31 (2016) 1305).
    """
    if len(pieces) == 1:
        return pieces[0]
    counts = np.stack([p.counts for p in pieces])
    means = np.stack([p.means for p in pieces])
    centred = np.stack([p.centred for p in pieces])
    return _merge_axis0(counts, means, centred, tables)


def total_sums(blocks: Sums, tables: Layout) -> Sums:
    """Unite all blocks into one."""
    return _merge_axis0(
        blocks.counts[:, None], blocks.means[:, None], blocks.centred[:, None], tables
    )


def take(blocks: Sums, which: slice) -> Sums:
    """Some of the blocks."""
    return Sums(blocks.counts[which], blocks.means[which], blocks.centred[which])


def collapse_pairs(blocks: Sums, tables: Layout) -> Sums:
    """Unite neighbours; the last block of an odd number stays alone."""
    even = len(blocks.counts) // 2 * 2
    merged = merge_sums([take(blocks, slice(k, even, 2)) for k in (0, 1)], tables)
    if even == len(blocks.counts):
        return merged
    return concatenate([merged, take(blocks, slice(even, None))])


def concatenate(parts: list[Sums]) -> Sums:
    """Line up the blocks of several Sums with the same pivot."""
    if len(parts) == 1:
        return parts[0]
    return Sums(
        np.concatenate([p.counts for p in parts]),
        np.concatenate([p.means for p in parts]),
        np.concatenate([p.centred for p in parts]),
    )


def _merge_axis0(counts, means, centred, tables: Layout) -> Sums:
    """Merge over the first axis: counts (G, B), means (G, B, S, d), centred (G, B, S, K)."""
    pieces, blocks, networks, dim = means.shape
    total = counts.sum(axis=0)
    share = (counts / total)[:, :, None, None]
    mean = means[0] + (share * (means - means[0])).sum(axis=0)
    out = np.zeros((blocks, networks, centred.shape[-1]))
    if tables.order == 1:
        return Sums(total, mean, out)
    old, monomial, weight, starts = tables.shift
    step = max(1, _GATHER // (blocks * networks * len(old)))
    by_product = blocks == 1 and len(tables.alphas) <= 128
    if by_product:
        step = max(16, _SINGLE_THREAD // (len(tables.alphas) + 1) ** 2)
    for a in range(0, pieces, step):
        part = slice(a, a + step)
        delta = means[part] - mean
        shape = delta.shape[:-1]
        powers = [np.ones((*shape, 1)), delta]
        for parent, unit in tables.parents:
            powers.append(powers[-1][..., parent] * delta[..., unit])
        monomials = np.concatenate(powers, axis=-1)
        base = np.zeros((*shape, len(tables.alphas) + 1))
        base[..., 0] = counts[part][:, :, None]
        base[..., 1 + dim :] = centred[part]
        if by_product:
            # One matrix product sums over the pieces before any term is gathered.
            joint = base[:, 0].transpose(1, 2, 0) @ monomials[:, 0].transpose(1, 0, 2)
            terms = (joint[:, old, monomial] * weight)[None]
        else:
            terms = np.einsum("gbsk,gbsk->bsk", base[..., old], monomials[..., monomial]) * weight
        out += np.add.reduceat(terms, starts, axis=-1)
    return Sums(total, mean, out)


def kstatistics_of(blocks: Sums, tables: Layout) -> NDArray[np.float64]:
    """Unbiased k-statistics of every block.

    Returns
    -------
    (B, S, A) array
        A = len(tables.alphas); order-1 entries are relative to the pivot. Entries whose order
        exceeds the count of their block are NaN.
    """
    out = np.zeros((*blocks.means.shape[:2], len(tables.alphas)))
    out[..., : tables.dim] = blocks.means
    sizes, where = np.unique(blocks.counts, return_inverse=True)
    for parts, weight, targets, index in tables.terms:
        degree = sum(parts)
        coefficients = np.array([
            weight * float(set_partition_coefficient(parts, int(n))) if n >= degree else np.nan
            for n in sizes
        ])[where]  # fmt: skip
        if index.shape[1:] == (1, 1):
            value = blocks.centred[..., index[:, 0, 0]]
        else:
            value = blocks.centred[..., index].prod(axis=-1).sum(axis=-1)
        out[..., targets] += coefficients[:, None, None] * value
    return out
