"""What came of a training."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cumulant_theory.arguments import check_instance, explained
from cumulant_theory.errors import DomainError
from cumulant_theory.latex.html import Markup, card, facts, folded, verdict
from cumulant_theory.latex.pictures import curve
from numerics.tables import spread
from numerics.training.breaking import SymmetryBreaking


@dataclass(frozen=True)
class TrainingResult:
    """What came of a training.

    Attributes
    ----------
    losses : array (T,) or (T, S)
        Loss before each step, soft symmetries included; NaN from the step on at which a network
        diverged.
    final_loss : float or array (S,)
        Of the trained parameters; for sampled losses on 16384 fresh samples.
    converged : bool or array (S,)
        Loss at most ``tol`` or, with Levenberg-Marquardt, a stationary point. With Adam on a
        sampled loss: the last tenth of the steps is not lower on average than the tenth before
        by more than two standard errors; runs of less than 200 steps are too short to tell.
    diverged : bool or array (S,)
        Networks left at their last finite parameters.
    seconds : float
        Wall time.
    settings : mapping
        Arguments of :func:`train` after defaults.
    seeds : tuple of int or None
        Of the networks of an ensemble.
    penalties : array (T,) or (T, S), or None
        The part of the losses that comes from soft symmetries.
    final_penalty : float or array (S,)
        The same part of the final loss.
    breaking : SymmetryBreaking or None
        Distances to the symmetries that were watched.
    """

    losses: np.ndarray
    final_loss: Any
    converged: Any
    diverged: Any
    seconds: float
    settings: Mapping[str, Any] = field(default_factory=dict)
    seeds: tuple[int, ...] | None = None
    penalties: np.ndarray | None = None
    final_penalty: Any = 0.0
    breaking: SymmetryBreaking | None = None

    @property
    def steps(self) -> int:
        """Number of steps taken."""
        return len(self.losses) - 1

    @property
    def final_risk(self) -> Any:
        """Final loss without the soft symmetries, float or array (S,)."""
        return self.final_loss - self.final_penalty

    def plot(self, ax: Any = None) -> Any:
        """Losses against steps; returns the matplotlib axes."""
        import matplotlib.pyplot as plt
        from matplotlib.axes import Axes

        ax = plt.subplots()[1] if ax is None else ax
        check_instance(ax, Axes, "plot: ax")
        ax.plot(np.arange(len(self.losses)), np.abs(self.losses), lw=0.8)
        ax.set(xlabel="step", ylabel=f"{self.settings.get('loss', '')} loss", yscale="log")
        return ax

    @explained
    def plot_breaking(self, relative: bool = False) -> Any:
        """Distances to the symmetries watched against steps; returns the matplotlib figure.

        Raises
        ------
        DomainError
            If nothing was watched.
        """
        if self.breaking is None:
            raise DomainError("no symmetry was watched; train with watch=symmetries.Cyclic(), say")
        return self.breaking.plot(relative)

    def __repr__(self) -> str:
        head = f"{self.steps} steps of {self.settings.get('optimizer')} in {self.seconds:.2g} s"
        if self.seeds is None:
            state = "diverged" if self.diverged else (
                "converged" if self.converged else "not converged"
            )
            return f"TrainingResult({head}: loss {self.final_loss:.3g}, {state})"
        finite = np.asarray(self.final_loss)[~self.diverged]
        return (
            f"TrainingResult({head}: {len(self.seeds)} networks, median loss "
            f"{np.median(finite):.3g}, {int(np.sum(self.converged))} converged, "
            f"{int(np.sum(self.diverged))} diverged)"
        )

    def _repr_html_(self) -> str:
        several = self.seeds is not None
        losses = np.abs(np.asarray(self.losses, dtype=float))
        losses = np.nanmedian(losses, axis=1) if losses.ndim > 1 and losses.size else losses
        positive = [(float(k), float(np.log10(v)) if v > 0 else float("nan"))
                    for k, v in enumerate(losses)][:: max(1, len(losses) // 120)]  # fmt: skip
        rows = [
            ("steps", self.steps), ("networks", len(self.seeds) if self.seeds else None),
            ("final loss", spread(np.asarray(self.final_loss)[~np.asarray(self.diverged)])),
            ("converged", self._share(self.converged) if several else verdict(
                "yes" if self.converged else "no", True if self.converged else None)),
            ("diverged", self._share(self.diverged) if several else verdict(
                "yes" if self.diverged else "no", not self.diverged)),
            ("seconds", f"{self.seconds:.2g}"),
        ]  # fmt: skip
        chosen = [(k.replace("_", " "), v) for k, v in self.settings.items()
                  if v is not None and not (isinstance(v, (tuple, dict)) and not v)]
        picture = curve(positive) if len(positive) > 2 else Markup("")
        told = f"log10 of the {'median ' if several else ''}loss against steps"
        settings = folded("settings", facts(chosen))
        return card("Training", facts(rows), picture, settings, note=told if picture else "")

    @staticmethod
    def _share(flags: Any) -> str:
        return f"{int(np.sum(flags))} of {np.size(flags)}"
