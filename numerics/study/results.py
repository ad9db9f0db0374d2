"""Results of a study: plain rows, kept as Parquet, and written as CSV and JSON for people."""

import csv
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from cumulant_theory.arguments import explained
from cumulant_theory.errors import OutputError
from cumulant_theory.latex.html import card, facts

from ..files import write_text
from ..sweeps import read_sweep
from .cells import theory
from .config import from_mapping

_KIND = {
    "symmetry": str, "activation": str, "loss": str, "train_law": str, "seed": int,
    "test_law": str,
}
TABLES: dict[str, dict[str, Any]] = {
    "results": {
        **_KIND, "layer": str, "alpha": str, "order": int, "predicted": float, "measured": float,
        "standard_error": float, "z": float, "p": float, "p_holm": float, "verdict": str,
    },
    "outcomes": {
        **_KIND, "train_loss": float, "converged": bool, "generalises": bool, "mirror": bool,
        "worst_order": int, "worst_z": float, "resolution": float, "residual_1": float,
        "residual_2": float, "residual_3": float, "residual_4": float, "expected": str,
    },
    "networks": {
        "seed": int, "train_loss": float, "steps": int, "converged": bool,
        "parameters": dict[str, float],
    },
}

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
    failures
        One row per cell that failed.
    """

    config: dict[str, Any]
    comparisons: list[dict[str, Any]]
    outcomes: list[dict[str, Any]]
    networks: list[dict[str, Any]]
    theory: list[dict[str, Any]] = field(default_factory=list)
    manifest: dict[str, Any] = field(default_factory=dict)
    failures: list[dict[str, Any]] = field(default_factory=list)

    @property
    def cells(self) -> int:
        """Number of cells of the grid."""
        return int(self.manifest.get("cells", 0))

    def __repr__(self) -> str:
        return (
            f"StudyResults({self.config.get('title', '')!r}: {len(self.networks)} networks, "
            f"{len(self.comparisons)} comparisons, {len(self.failures)} failures)"
        )

    def _repr_html_(self) -> str:
        verdicts = Counter(row["verdict"] for row in self.comparisons)
        rows = [
            ("architectures", len(self.theory)), ("networks", len(self.networks)),
            ("comparisons", len(self.comparisons)), *verdicts.items(),
            ("networks on a law", len(self.outcomes)), ("failures", len(self.failures)),
        ]
        return card(self.config.get("title") or "Study", facts(rows))

    @classmethod
    @explained
    def read(cls, out: str | Path) -> "StudyResults":
        """Results of a study that was run to its end.

        Parameters
        ----------
        out
            Its folder.

        Raises
        ------
        OutputError
            If it holds none, or its tables are damaged.
        ConfigError
            If it holds the sweep of something else.
        """
        out = Path(out)
        found = read_sweep(out)
        config = from_mapping(found.settings, str(out))
        try:
            manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise OutputError(
                f"{out / 'manifest.json'} cannot be read ({error}); --resume writes it again"
            ) from None
        return cls(
            config=config.as_dict(), comparisons=found.rows("results"),
            outcomes=found.rows("outcomes"), networks=found.rows("networks"),
            theory=theory(config), manifest=manifest, failures=found.failures,
        )

    @explained
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

    @explained
    def write(self, out: Path) -> list[Path]:
        """Write results.csv, outcomes.csv, networks.csv and manifest.json for people.

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
            *(
                write_csv(out / f"{name}.csv", ("cell", *TABLES[name]), rows)
                for name, rows in (("results", self.comparisons), ("outcomes", self.outcomes),
                                   ("networks", networks))
            ),
            write_text(out / "manifest.json", json.dumps(self.manifest, indent=2, sort_keys=True)),
        ]


def write_csv(path: Path, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write rows as CSV, floats in full precision."""
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_text(row[c]) for c in columns] for row in rows)
    return write_text(path, buffer.getvalue())


def _text(value: Any) -> Any:
    return repr(float(value)) if isinstance(value, float) else value
