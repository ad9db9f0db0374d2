"""How far the layers of networks are from their symmetries, in the course of a training."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cumulant_theory.arguments import explained
from cumulant_theory.errors import UnknownNameError
from numerics.tables import html_table, text_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Key = tuple[str, str]


@dataclass(frozen=True)
class SymmetryBreaking:
    """Squared distances |theta - P_G theta|^2 of layers to weight symmetries, step by step.

    Attributes
    ----------
    steps : array (T,)
        Steps at which they were taken, before the step is made.
    keys : tuple of (layer, symmetry)
        Name of the layer and of the symmetry, K of them.
    weight, bias : array (K, T) or (K, T, S)
        |W - P W|^2 and |c - P c|^2; NaN where a network diverged.
    norm : array (K, T) or (K, T, S)
        |W|^2 + |c|^2.
    seeds : tuple of int or None
        Of the networks of an ensemble.

    References
    ----------
    Ziyin et al., arXiv:2502.05300.
    """

    steps: np.ndarray
    keys: tuple[Key, ...]
    weight: np.ndarray
    bias: np.ndarray
    norm: np.ndarray
    seeds: tuple[int, ...] | None = None

    @property
    def distance(self) -> np.ndarray:
        """|theta - P theta|^2 of weights and biases together."""
        return self.weight + self.bias

    @property
    def relative(self) -> np.ndarray:
        """|theta - P theta|^2 / |theta|^2, from 0 to 1; 0 where all parameters are."""
        return np.divide(
            self.distance, self.norm, out=np.zeros_like(self.norm), where=self.norm != 0
        )

    def __getitem__(self, key: str | Key) -> np.ndarray:
        """Distances (T,) or (T, S) of a layer, or of a pair (layer, symmetry).

        Raises
        ------
        UnknownNameError
            If there is none of that name, or a layer has several symmetries.
        """
        found = [k for k, known in enumerate(self.keys)
                 if isinstance(key, (str, tuple)) and key in (known, known[0])]
        if len(found) != 1:
            raise UnknownNameError.of("pair of layer and symmetry", key, map(str, self.keys))
        return self.distance[found[0]]

    @explained
    def plot(self, relative: bool = False) -> "Figure":
        """Curves of all layers, median and quartiles over networks; see `breaking_figure`."""
        from numerics.plotting import breaking_figure

        return breaking_figure(self, relative)

    def _cells(self) -> list[list[str]]:
        rows = [["layer", "symmetry", "first", "last", "relative"]]
        for k, (layer, symmetry) in enumerate(self.keys):
            values = (self.distance[k, 0], self.distance[k, -1], self.relative[k, -1])
            rows.append([layer, symmetry, *(f"{_median(v):.3g}" for v in values)])
        return rows

    def __repr__(self) -> str:
        return "\n".join(text_table(self._cells(), left=(0, 1)))

    def _repr_html_(self) -> str:
        note = "" if self.seeds is None else f"medians over {len(self.seeds)} networks"
        return html_table("distance to symmetries", self._cells(), note)


def _median(values: Any) -> float:
    values = np.asarray(values)
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if finite.size else float("nan")
