"""Centred sums of points and their merging, for NumPy arrays and tensors alike."""

from typing import Any

from cumulant_theory.errors import DomainError, ShapeError

from ..backends.numpy import as_float64


def as_points(points: Any) -> Any:
    """(N, d) of float64, of the library it came from."""
    if not hasattr(points, "detach"):
        x = as_float64(points, "points")
    elif points.is_complex() or points.is_sparse:
        kind = "complex" if points.is_complex() else "sparse"
        raise DomainError(f"points are a {kind} tensor; pass a dense one of real numbers")
    else:
        x = points.detach().double()
    if x.ndim < 2 or not x.shape[0] or not x.reshape(x.shape[0], -1).shape[1]:
        raise ShapeError(f"points have shape {tuple(x.shape)}; pass (N, d) with N and d positive")
    x = x.reshape(x.shape[0], -1)
    if not bool((x - x == 0).all()):
        raise DomainError("points have NaN or infinite entries; remove or fill them")
    return x


def centred_sums(x: Any, order: int) -> list[Any]:
    """Mean, and sums of products of two and of three centred units."""
    mean = x.mean(axis=0)
    y = x - mean
    rest = y.mean(axis=0)  # rounding of a mean that is large next to the deviations
    y = y - rest
    sums = [mean + rest]
    if order >= 2:
        sums.append(y.T @ y)
    if order >= 3:
        d = y.shape[1]
        third = sums[1][:, :, None] * y[0] * 0
        for i in range(d):
            block = (y[:, i : i + 1] * y[:, i:]).T @ y[:, i:]
            third[i, i:, i:] = block
            third[i:, i, i:] = block
            third[i:, i:, i] = block
        sums.append(third)
    return sums


def merged_sums(n: int, first: list[Any], m: int, second: list[Any]) -> list[Any]:
    """Mean and centred sums of n and m points together."""
    total = n + m
    gap = second[0] - first[0]
    merged = [first[0] + gap * (m / total)]
    if len(first) > 1:
        outer = gap[:, None] * gap[None, :]
        merged.append(first[1] + second[1] + outer * (n * m / total))
    if len(first) > 2:
        pairs = (n * second[1] - m * first[1]) / total
        cubes = outer[:, :, None] * gap * (n * m * (n - m) / total**2)
        merged.append(
            first[2] + second[2] + cubes + gap[:, None, None] * pairs
            + gap[:, None] * pairs[:, None, :] + pairs[:, :, None] * gap
        )
    return merged


def kstatistics(n: int, sums: list[Any]) -> list[Any]:
    """Unbiased cumulant tensors, as far as n points have them."""
    values = [sums[0]]
    if len(sums) > 1 and n > 1:
        values.append(sums[1] / (n - 1))
    if len(sums) > 2 and n > 2:
        values.append(sums[2] * (n / ((n - 1) * (n - 2))))
    return values
