"""Results of a study: plain rows, written as CSV and JSON."""

import csv
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cumulant_theory.errors import OutputError

COMPARISON_COLUMNS = (
    "cell", "symmetry", "activation", "loss", "train_law", "seed", "test_law", "layer", "alpha",
    "order", "predicted", "measured", "standard_error", "z", "p", "p_holm", "verdict",
)
OUTCOME_COLUMNS = (
    "cell", "symmetry", "activation", "loss", "train_law", "seed", "test_law", "train_loss",
    "converged", "generalises", "mirror", "worst_order", "worst_z", "resolution", "residual_1",
    "residual_2", "residual_3", "residual_4", "expected",
)
NETWORK_COLUMNS = ("cell", "seed", "train_loss", "steps", "converged", "seconds", "parameters")


# a residual of this many standard errors is found with 99 % probability by a two-sided test at
# level 1 % corrected for some thirty rows: 3.6 + 2.3 standard errors, rounded up
RESOLVED = 6.0


@dataclass(frozen=True)
class StudyResults:
    """Everything a report needs.

    Attributes
    ----------
    config
        Settings, plain data.
    comparisons
        One row per network, test law, layer and multi-index: predicted beside measured.
    outcomes
        One row per network and test law: does it act as the target map there?
    networks
        One row per trained network.
    theory
        One entry per architecture, with its layer object under ``net``.
    manifest
        Versions, seeds, settings, timings.
    """

    config: dict[str, Any]
    comparisons: list[dict[str, Any]]
    outcomes: list[dict[str, Any]]
    networks: list[dict[str, Any]]
    theory: list[dict[str, Any]] = field(default_factory=list)
    manifest: dict[str, Any] = field(default_factory=dict)

    def count(self, verdict: str) -> int:
        """Number of comparisons with a verdict: agree, disagree or undecided."""
        return sum(row["verdict"] == verdict for row in self.comparisons)

    @property
    def agrees(self) -> bool:
        """No comparison contradicts the prediction."""
        return self.count("disagree") == 0

    def unexpected(self) -> list[dict[str, Any]]:
        """Outcomes of converged networks that theory rules out and the samples can resolve."""
        return [
            o for o in self.outcomes
            if (o["expected"] == "must fail" and o["generalises"]
                and o["resolution"] >= RESOLVED)
            or (o["expected"] == "must generalise" and not o["generalises"])
        ]

    def below_resolution(self) -> list[dict[str, Any]]:
        """Outcomes that must fail by a residual too small for the number of samples."""
        return [
            o for o in self.outcomes
            if o["expected"] == "must fail" and o["generalises"] and o["resolution"] < RESOLVED
        ]

    def write(self, out: Path) -> list[Path]:
        """Write results.csv, outcomes.csv, networks.csv and manifest.json.

        Raises
        ------
        OutputError
            If the folder cannot be written.
        """
        networks = [
            row | {"parameters": json.dumps(row["parameters"], sort_keys=True)}
            for row in self.networks
        ]
        return [
            write_csv(out / "results.csv", COMPARISON_COLUMNS, self.comparisons),
            write_csv(out / "outcomes.csv", OUTCOME_COLUMNS, self.outcomes),
            write_csv(out / "networks.csv", NETWORK_COLUMNS, networks),
            write_text(out / "manifest.json", json.dumps(self.manifest, indent=2, sort_keys=True)),
        ]


def write_text(path: Path, text: str) -> Path:
    """Write a file whole or not at all.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_text(text, encoding="utf-8", newline="")
        partial.replace(path)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written ({error.strerror}); choose another --out folder"
        ) from None
    return path


def write_csv(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write rows as CSV, floats in full precision."""
    import io

    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_text(row[c]) for c in columns] for row in rows)
    return write_text(path, buffer.getvalue())


def _text(value: Any) -> Any:
    return repr(float(value)) if isinstance(value, float) else value
