"""Counts over the seeds of a study, and its summary as text."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .results import RESOLVED, StudyResults

__all__ = ["LABELS", "Tally", "label", "summary", "tallies", "verdict"]

LABELS = {
    "permutation_invariant": "S_b-invariant",
    "permutation_equivariant": "S_b-equivariant",
    "alternating": "alternating sign",
    "identity": "linear",
    "graph_conv": "graph convolution",
    "gcn_conv": "GCN",
    "sage_conv": "SAGE",
    "gin_conv": "GIN",
}
FAIL, GENERALISE = "must fail", "must generalise"


def label(text: str, rich: bool = False) -> str:
    """Name of a symmetry or an activation as it is printed.

    Parameters
    ----------
    text
        As in the configuration.
    rich
        Mathematics between dollar signs, for figures and articles.

    Examples
    --------
    >>> label("permutation_invariant"), label("cyclic")
    ('S_b-invariant', 'cyclic')
    >>> label("gcn_conv(star)")
    'GCN on star'
    """
    kind, _, graph = text.removesuffix(")").partition("(")
    name = LABELS.get(text, text)
    if graph and kind in LABELS:
        name = f"{LABELS[kind]} on {graph}"
    return name.replace("S_b", "$S_b$") if rich else name


@dataclass(frozen=True)
class Tally:
    """The seeds of one cell on one test law.

    Attributes
    ----------
    cell, symmetry, activation, loss, train_law, test_law
        Which.
    seeds
        Number of networks.
    converged
        How many trained to the end.
    generalises
        How many act as the target map.
    mirror
        How many fail as its mirror image: odd cumulants with the opposite sign.
    expected
        How many of each expectation: must fail, must generalise, open.
    as_expected
        How many of those that theory decides came out so.
    unresolved
        How many must fail, but by residuals too small for the number of samples.
    """

    cell: str
    symmetry: str
    activation: str
    loss: str
    train_law: str
    test_law: str
    seeds: int
    converged: int
    generalises: int
    mirror: int
    expected: Counter[str]
    as_expected: int
    unresolved: int = 0

    @property
    def decided(self) -> int:
        """Number of networks that theory decides beforehand."""
        return self.expected[FAIL] + self.expected[GENERALISE]

    @property
    def mark(self) -> str:
        """``fail``, ``generalise``, ``split`` (it depends on the branch), or empty."""
        if not self.decided:
            return ""
        if self.expected[FAIL] and self.expected[GENERALISE]:
            return "split"
        return "fail" if self.expected[FAIL] else "generalise"

    @property
    def holds(self) -> bool:
        """Whether no network contradicts what theory says of it."""
        return self.as_expected + self.unresolved == self.decided

    @property
    def flag(self) -> str:
        """``!`` against theory, ``~`` in part too close to tell, or empty."""
        return "!" if not self.holds else "~" if self.unresolved else ""

    @property
    def text(self) -> str:
        """Such as ``8/8`` or ``4/8, 4 mirror``."""
        mirror = f", {self.mirror} mirror" if self.mirror else ""
        return f"{self.generalises}/{self.seeds}{mirror}"


def tallies(results: StudyResults) -> list[Tally]:
    """One tally per cell and test law, in the order of the outcomes."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in results.outcomes:
        groups.setdefault((row["cell"], row["test_law"]), []).append(row)
    return [
        Tally(
            **{k: rows[0][k] for k in (
                "cell", "symmetry", "activation", "loss", "train_law", "test_law"
            )},
            seeds=len(rows),
            converged=sum(bool(r["converged"]) for r in rows),
            generalises=sum(bool(r["generalises"]) for r in rows),
            mirror=sum(bool(r["mirror"]) and not r["generalises"] for r in rows),
            expected=Counter(r["expected"] for r in rows),
            as_expected=sum(
                (r["expected"] == FAIL and not r["generalises"])
                or (r["expected"] == GENERALISE and bool(r["generalises"])) for r in rows
            ),
            unresolved=sum(map(_unresolved, rows)),
        )
        for rows in groups.values()
    ]


def _unresolved(row: dict[str, Any]) -> bool:
    return (row["expected"] == FAIL and bool(row["generalises"])
            and row["resolution"] < RESOLVED)


def verdict(results: StudyResults) -> dict[str, int]:
    """The numbers of the verdict paragraph."""
    counted = tallies(results)
    branches = {(r["cell"], r["seed"]) for r in results.outcomes if r["mirror"]}
    return {
        "cells": len({t.cell for t in counted}),
        "networks": len(results.networks),
        "converged": sum(bool(n["converged"]) for n in results.networks),
        "comparisons": len(results.comparisons),
        **{v: sum(r["verdict"] == v for r in results.comparisons)
           for v in ("agree", "disagree", "undecided")},
        "must_fail": sum(t.expected[FAIL] for t in counted),
        "failed": sum(
            r["expected"] == FAIL and not r["generalises"] for r in results.outcomes
        ),
        "must_generalise": sum(t.expected[GENERALISE] for t in counted),
        "generalised": sum(
            r["expected"] == GENERALISE and bool(r["generalises"]) for r in results.outcomes
        ),
        "unresolved": sum(t.unresolved for t in counted),
        "mirror": len(branches),
    }


def summary(results: StudyResults) -> str:
    """A short table for the terminal.

    Returns
    -------
    str
        Networks that generalise per kind and test law, and the verdict in three lines.
    """
    counted = tallies(results)
    laws = list(dict.fromkeys(t.test_law for t in counted))
    cells: dict[str, dict[str, Tally]] = {}
    for t in counted:
        cells.setdefault(t.cell, {})[t.test_law] = t
    rows: list[Sequence[str]] = [("symmetry", "activation", "loss", "trained on", *laws)]
    for by_law in cells.values():
        t = next(iter(by_law.values()))
        rows.append((
            label(t.symmetry), label(t.activation), t.loss, t.train_law,
            *(_short(by_law[law]) if law in by_law else "-" for law in laws),
        ))
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip()
             for row in rows]
    lines.insert(1, "-" * max(map(len, lines)))
    n = verdict(results)
    return "\n".join([
        "networks that act as the block sum, of those trained",
        "(m: mirror images; ~: must fail, by less than the samples resolve; !: against theory)",
        *lines, "",
        f"{n['comparisons']} comparisons: {n['agree']} agree, {n['disagree']} disagree, "
        f"{n['undecided']} undecided",
        f"must fail: {n['failed']} of {n['must_fail']} did"
        + (f", {n['unresolved']} by less than the samples resolve" if n["unresolved"] else "")
        + "; must generalise: "
        f"{n['generalised']} of {n['must_generalise']} did",
        f"mirror images: {n['mirror']} of {n['networks']} networks",
    ])


def _short(t: Tally) -> str:
    mirror = f" {t.mirror}m" if t.mirror else ""
    return f"{t.generalises}/{t.seeds}{mirror}{t.flag and f' {t.flag}'}"
