"""The map of the first K cumulants in numbers: a compiled kernel that is fed its own output."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from cumulant_theory.closures import Closure, Diagrams, Neglect, as_closure
from cumulant_theory.errors import CumulantError, DomainError, NoClosedFormError
from cumulant_theory.latex.html import card, facts
from cumulant_theory.layers import Layer
from cumulant_theory.layers.base import check_order
from cumulant_theory.rg import RGMap

from ..kernels import Kernel
from ..kernels import compile as compile_kernel

FAR = 1e6  # where a path is given up


def theory_of(source: Any, what: str) -> tuple[RGMap, dict[str, NDArray[np.float64]]]:
    """The RG map of a network, layer or RG map, and the values of its parameters.

    Raises
    ------
    DomainError
        If it is none of these, has parameters without a value, or a symbolic block size.
    ShapeError
        If it has several output units.
    """
    rg_map = source if isinstance(source, RGMap) else None
    theory = rg_map.layer if rg_map is not None else getattr(source, "theory", source)
    if not isinstance(theory, Layer):
        raise DomainError(
            f"{what}: {type(source).__name__} is no network; pass a module from build(net), a "
            "layer without parameters, or an RGMap of one"
        )
    values: Mapping[Any, Any] = getattr(source, "values", dict)() if rg_map is None else {}
    rg_map = rg_map or RGMap(theory)
    missing = [str(p) for p in theory.parameters if p not in values]
    if missing or not isinstance(rg_map.b, int):
        raise DomainError(
            f"{what}: {theory!r} has no value for {', '.join(missing) or rg_map.b}; build the "
            "network, or give values by .subs({...})"
        )
    return rg_map, {str(p): np.asarray(v, dtype=np.float64) for p, v in values.items()}


def with_numbers(rg_map: RGMap, values: Mapping[str, Any]) -> RGMap:
    """The RG map with the exact rationals that floating-point values are."""
    exact = {name: sp.Rational(Fraction(float(v))) for name, v in values.items()}
    return RGMap(rg_map.layer.subs(exact))


def is_polynomial(rg_map: RGMap) -> bool:
    """Whether the network is a polynomial map."""
    try:
        return rg_map.degree > 0
    except NoClosedFormError:
        return False


class CumulantMap:
    """kappa -> kappa' in floating-point numbers, for one network or an ensemble.

    Parameters
    ----------
    source : Network, Ensemble, Layer or RGMap
        Without parameters that have no value.
    order : int
        Number K of cumulants that are at least carried.
    closure : Closure, optional
        Default: ``Neglect(order)`` for polynomial activations, ``Diagrams(3)`` for others; no
        part is played by it for linear maps.

    Attributes
    ----------
    order : int
        Number of cumulants carried, K or what the closure keeps, if that is more.
    closure : Closure
    exact : bool
        Whether the map is linear, so that nothing is neglected.

    Examples
    --------
    >>> from cumulant_theory.layers import BlockSum
    >>> CumulantMap(BlockSum(4), 3)([1.0, 1.0, 1.0])
    array([2. , 1. , 0.5])
    """

    rg: RGMap
    values: dict[str, NDArray[np.float64]]

    def __repr__(self) -> str:
        return f"CumulantMap({self.rg!r}, order {self.order}, {self.closure!r})"

    def _repr_html_(self) -> str:
        rows = [
            ("of", repr(self.rg)), ("order", self.order),
            ("values", "exact" if self.exact else f"under {self.closure!r}"),
        ]
        return card("Map of cumulants", facts(rows))

    def __init__(self, source: Any, order: int, closure: Closure | None = None) -> None:
        check_order(order)
        self.rg, self.values = theory_of(source, "a flow of cumulants")
        self.exact: bool = self.rg.is_linear
        if closure is None:
            closure = Neglect(max(order, 2)) if is_polynomial(self.rg) else Diagrams(3)
        self.closure: Closure = as_closure(closure)
        if self.closure.is_exact and not self.exact:
            raise NoClosedFormError(
                f"the flow of {self.rg!r} under Exact() needs more cumulants at every step; leave "
                "out the closure, or use Neglect(K)"
            )
        self.order: int = order if self.exact else max(order, self.closure.largest_block or 0)
        options: dict[str, Any] = {} if self.exact else {"closure": self.closure}
        self._kernel: Kernel = compile_kernel(self.rg.layer, order=self.order, **options)
        self._columns = {
            s: int(s.name.removeprefix("kappa_")) - 1 for s in self._kernel.inputs
        }
        self._weights = {p: self.values[p.name] for p in self._kernel.parameters}

    @property
    def b(self) -> int:
        """Block size."""
        return int(self.rg.b)

    @property
    def networks(self) -> int | None:
        """Size of the ensemble; None for one network."""
        return next((len(v) for v in self.values.values() if v.ndim), None)

    def __call__(self, kappa: Any) -> NDArray[np.float64]:
        """kappa' at cumulants of shape (..., K); an ensemble adds or needs the axis (S,).

        Raises
        ------
        DomainError
            If the image leaves the finite numbers.
        """
        at = np.asarray(kappa, dtype=np.float64)
        zero = np.zeros(at.shape[:-1])
        inputs = {s: at[..., k] if k < self.order else zero for s, k in self._columns.items()}
        image = self._kernel(self._weights, inputs)
        values = [np.asarray(image[r,]) for r in range(1, self.order + 1)]
        return np.stack(np.broadcast_arrays(*values, np.zeros(at.shape[:-1]))[:-1], axis=-1)

    def jacobian(self, kappa: NDArray[np.float64]) -> NDArray[np.float64]:
        """d kappa' / d kappa at one point, (K, K), by central differences."""
        step = 1e-5 * np.maximum(np.abs(kappa), 1e-2)
        moved = kappa + np.concatenate([np.diag(step), -np.diag(step)])
        images = self(moved)
        return ((images[: self.order] - images[self.order :]) / (2 * step[:, None])).T

    def try_at(self, kappa: NDArray[np.float64]) -> NDArray[np.float64]:
        """As a call, row by row, with NaN where the image leaves the finite numbers."""
        try:
            return self(kappa)
        except CumulantError:
            if kappa.ndim == 1:
                return np.full(self.order, np.nan)
            return np.stack([self.try_at(row) for row in kappa])
