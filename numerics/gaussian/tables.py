"""Hermite coefficients of an activation for all units of a layer at once, from one table of values.

With z = mu + s g, psi = phi - E phi(z) and h_k = He_k / sqrt(k!), the standardised coefficient
a_k = E[psi(z)^p h_k(g)] is at most the deviation of psi^p, whatever s, and
omega^(k) = a_k sqrt(k!) / s^k. They are taken from the first derivative,
a_k = s / sqrt(k) E[(psi^p)' h_(k-1)], so that neither a small spread nor a large mean of phi costs
a digit of what is above the rounding of the deviation to the power p.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from cumulant_theory.activations import Activation

from .jets import knots
from .panels import FAR, REACH, OwnRule, SharedRule, features, rough
from .quadrature import EPS
from .waves import SPREAD, Waves, is_wave

Array = np.ndarray

WIDE = 2.0  # spreads, in widths of the narrowest feature, beyond which units have their own panels


class HermiteTable:
    """Coefficients of all powers of a centred activation at given means and deviations.

    Parameters
    ----------
    activation : Activation
        Without free parameters.
    mean, scale : array (n,)
        Deviations above zero.

    Raises
    ------
    DomainError
        If the activation cannot be integrated to ten digits at one of the units.
    """

    def __init__(self, activation: Activation, mean: Array, scale: Array) -> None:
        self.parts: list[tuple[Array, SharedRule | OwnRule | Waves]] = []
        self.count: int = len(mean)
        width = min(w for _, w in features(activation))
        own = (scale > WIDE * width) | bool(knots(activation)) | ~np.isfinite(mean * scale)
        waves = (scale > SPREAD) & is_wave(activation)
        if waves.any():
            places = np.flatnonzero(waves)
            self.parts.append((places, Waves(activation, mean[places], scale[places])))
        with np.errstate(all="ignore"):
            alike = np.flatnonzero(~own & ~waves)
            if alike.size:
                rule = SharedRule(activation, mean[alike], scale[alike])
                bad = rule.rough()
                if bad.any():
                    own[alike[bad]], alike = True, alike[~bad]
                    rule = SharedRule(activation, mean[alike], scale[alike])
                if alike.size:
                    self.parts.append((alike, rule))
            left = np.flatnonzero(own & ~waves)
            for reach in (REACH, FAR):
                if not left.size:
                    break
                rule = OwnRule(activation, mean[left], scale[left], reach)
                short = rule.short(8 if reach < FAR else 4)
                if not short.all():
                    if short.any():
                        rule = OwnRule(activation, mean[left[~short]], scale[left[~short]], reach)
                    self.parts.append((left[~short], rule))
                left = left[short]
        if left.size:
            raise rough(activation, mean[left[0]], scale[left[0]], "it grows too fast")
        self._found: dict[Any, Array] = {}

    def _all(self, key: Any, value: Callable[[Any], Array]) -> Array:
        if key not in self._found:
            found = np.empty(self.count)
            with np.errstate(all="ignore"):
                for places, part in self.parts:
                    found[places] = value(part)
            self._found[key] = found
        return self._found[key]

    def wick(self, m: int, p: int) -> Array:
        """omega^(m) of psi^p; E phi for m = 0 and p = 1."""
        return self._all(("wick", m, p), lambda part: part.wick(m, p))

    def standard(self, k: int, p: int) -> Array:
        """a_k of psi^p, k from 1 up."""
        return self._all(("standard", k, p), lambda part: part.standard(k, p))

    def slope(self, p: int) -> Array:
        """s^2 E (psi^p)'^2 = sum_k k a_k^2, infinite where phi jumps."""
        return self._all(("slope", p), lambda part: part.slope(p))

    def variance(self, p: int) -> tuple[Array, Array]:
        """sum_k a_k^2 = Var psi^p from values, and its rounding error."""
        square = self._all(("square", p), lambda part: part.square(p))
        return self._all(("variance", p), lambda part: part.variance(p)), 32 * EPS * square
