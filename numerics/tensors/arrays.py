"""The few array operations that propagation needs, the same for every library."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from scipy.special import ndtr

from cumulant_theory.errors import DomainError, UnknownNameError

DTYPES = ("float32", "float64")


class NumpyArrays:
    """NumPy arrays of one floating type.

    Parameters
    ----------
    dtype : str
        "float32" or "float64".
    """

    name = "numpy"

    exp: ClassVar[Callable[..., Any]] = staticmethod(np.exp)
    sqrt: ClassVar[Callable[..., Any]] = staticmethod(np.sqrt)
    sin: ClassVar[Callable[..., Any]] = staticmethod(np.sin)
    arcsin: ClassVar[Callable[..., Any]] = staticmethod(np.arcsin)
    ndtr: ClassVar[Callable[..., Any]] = staticmethod(ndtr)
    where: ClassVar[Callable[..., Any]] = staticmethod(np.where)
    einsum: ClassVar[Callable[..., Any]] = staticmethod(np.einsum)
    matmul: ClassVar[Callable[..., Any]] = staticmethod(np.matmul)
    eigh: ClassVar[Callable[..., Any]] = staticmethod(np.linalg.eigh)

    def __init__(self, dtype: str) -> None:
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self.epsilon: float = float(np.finfo(self.dtype).eps)

    def asarray(self, value: Any) -> np.ndarray:
        """An array of the floating type."""
        return np.asarray(value, dtype=self.dtype)

    def zeros(self, *shape: int) -> np.ndarray:
        """Zeros."""
        return np.zeros(shape, self.dtype)

    def eye(self, n: int) -> np.ndarray:
        """Identity matrix."""
        return np.eye(n, dtype=self.dtype)

    def concat(self, arrays: list[np.ndarray], axis: int) -> np.ndarray:
        """Join along an axis."""
        return np.concatenate(arrays, axis)

    def repeated(self, value: Any, n: int) -> np.ndarray:
        """A view of one number as a vector, not to be written to."""
        return np.broadcast_to(value, (n,))

    def diagonal(self, a: np.ndarray) -> np.ndarray:
        """Diagonal of a square matrix."""
        return np.diagonal(a)

    def permute(self, a: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
        """Axes in another order."""
        return np.transpose(a, axes)

    def with_diagonal(self, a: np.ndarray, d: Any) -> np.ndarray:
        """A copy of a square matrix with another diagonal."""
        result = np.array(a, order="C")
        result.reshape(-1)[:: len(a) + 1] = d
        return result

    def with_plane(self, a: np.ndarray, axes: tuple[int, int], values: np.ndarray) -> np.ndarray:
        """A copy of a cube with values [i, k] where both axes are i and the third one k."""
        result = np.array(a)
        word = "abc".replace("abc"[axes[1]], "abc"[axes[0]])
        other = "abc"[3 - sum(axes)]
        np.einsum(f"{word}->{'abc'[axes[0]]}{other}", result)[...] = values
        return result

    def scatter(self, target: np.ndarray, places: np.ndarray, values: np.ndarray) -> np.ndarray:
        """A copy of a flat array with values added at distinct places."""
        result = target.copy()
        result[places.ravel()] += values.ravel()
        return result

    def flags(self, a: np.ndarray) -> np.ndarray:
        """Booleans for `where`."""
        return a

    def detached(self, a: Any) -> np.ndarray:
        """As a NumPy array, for inspection."""
        return np.asarray(a)

    def smooth(self, function: Any, *arguments: np.ndarray) -> tuple[np.ndarray, ...]:
        """A function of float64 arrays that gives several."""
        return tuple(map(self.asarray, function(*(a.astype(np.float64) for a in arguments))))


def get_arrays(backend: str, dtype: Any, given: tuple[Any, ...] = ()) -> Any:
    """Array operations of a backend.

    Parameters
    ----------
    backend : str
        "numpy" or "torch".
    dtype : str, dtype or None
        "float32" or "float64"; None for that of the first floating array given, else float64.
    given : tuple
        Arrays whose device and floating type count.

    Raises
    ------
    UnknownNameError
        If the backend is not known.
    DomainError
        If the type is not one of float32 and float64.
    MissingDependencyError
        If torch is asked for and not installed.

    Examples
    --------
    >>> get_arrays("numpy", "float32").eye(2).dtype
    dtype('float32')
    """
    if backend not in ("numpy", "torch"):
        raise UnknownNameError.of("backend of tensors", backend, ("numpy", "torch"))
    if dtype is None:
        names = (_dtype_name(a.dtype) for a in given if hasattr(a, "dtype"))
        dtype = next((n for n in names if n in DTYPES), "float64")
    name = _dtype_name(dtype)
    if name not in DTYPES:
        raise DomainError(f"dtype {dtype!r} is not known; use 'float32' or 'float64'")
    if backend == "numpy":
        return NumpyArrays(name)
    from ..backends import get_backend

    get_backend("torch")
    from ..backends.torch_arrays import TorchArrays

    device = next((a.device for a in given if hasattr(a, "device") and hasattr(a, "detach")), None)
    return TorchArrays(name, device)


def _dtype_name(dtype: Any) -> str:
    if isinstance(dtype, type) and issubclass(dtype, np.generic):
        return np.dtype(dtype).name
    return str(dtype).removeprefix("torch.")
