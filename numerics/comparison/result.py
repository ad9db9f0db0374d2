"""The result of a comparison and its renderings."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cumulant_theory.algebra import as_integer
from cumulant_theory.arguments import brief, explained
from cumulant_theory.errors import DomainError
from cumulant_theory.latex.html import number, with_error
from numerics.comparison.records import Measurement, Prediction, Row
from numerics.tables import html_table, text_table, z_score

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MAX_ROWS_SHOWN = 32
_HEADER = ("layer", "alpha", "network", "predicted", "measured", "std. error", "z", "p (Holm)")


@dataclass(frozen=True, repr=False)
class Comparison:
    """Result of `compare`: a table of rows, verdicts, and its renderings.

    Parameters
    ----------
    predicted : Prediction
    measured : Measurement
    level : float
    columns : dict of arrays
        layer, alpha, order, network, predicted, measured, standard_error, skewness, heavy,
        batches, bound, z, p, p_holm, verdict, closure; all of one length.

    Examples
    --------
    >>> from numerics.comparison import compare
    >>> one = lambda value: {"input": {(1,): value}}
    >>> m = Measurement(("input",), one(0.1), one(0.2), one(0.0), one(False), 200)
    >>> c = compare(Prediction(("input",), one(0.0)), m)
    >>> c.agrees, c.rows[0].verdict, round(c.rows[0].z, 6)
    (True, 'agree', 0.5)
    """

    predicted: Prediction
    measured: Measurement
    level: float
    columns: dict[str, NDArray[Any]]

    def __len__(self) -> int:
        return len(self.columns["z"])

    def _row(self, k: int) -> Row:
        values: dict[str, Any] = {n: self.columns[n][k] for n in Row._fields}
        for name in ("predicted", "measured", "standard_error", "z", "p", "p_holm"):
            values[name] = float(values[name])
        for name in ("order", "network"):
            values[name] = int(values[name])
        values["verdict"], values["closure"] = str(values["verdict"]), str(values["closure"])
        return Row(**values)

    @property
    def rows(self) -> list[Row]:
        """All rows in network order."""
        return [self._row(k) for k in range(len(self))]

    @explained
    def count(self, verdict: str) -> int:
        """Number of rows with this verdict: "agree", "disagree" or "undecided"."""
        return int((self.columns["verdict"] == verdict).sum())

    @property
    def agrees(self) -> bool:
        """Every row agrees; an undecided row is not agreement (see `contradicts`)."""
        return self.count("agree") == len(self)

    @property
    def contradicts(self) -> bool:
        """Some row disagrees whose prediction is exact; see `beyond_closure` for the others."""
        return self.count("disagree") > self.beyond_closure

    @property
    def beyond_closure(self) -> int:
        """Number of rows that disagree and whose prediction neglects terms under a closure."""
        return int(((self.columns["verdict"] == "disagree") & self._truncated).sum())

    @property
    def _truncated(self) -> NDArray:
        return self.columns["closure"] != "Exact()"

    @property
    def worst(self) -> Row:
        """The decided row with the smallest p-value, largest |z| among equals."""
        undecided = self.columns["verdict"] == "undecided"
        keys = (-np.abs(self.columns["z"]), self.columns["p"], undecided)
        return self._row(int(np.lexsort(keys)[0]))

    def summary(self) -> str:
        """How many rows agree, how many rest on a closure, and which one is worst."""
        worst = self.worst
        place = f", network {worst.network}" if self.columns["network"].any() else ""
        lines = [
            f"{self.count('agree')} of {len(self)} cumulants agree, {self.count('disagree')} "
            f"disagree, {self.count('undecided')} undecided (Holm, level {self.level:g});",
            f"worst: {worst.layer} {worst.alpha}{place}, z = {worst.z:.3g}",
        ]
        if self._truncated.any():
            lines.insert(1, (
                f"{int(self._truncated.sum())} predictions neglect terms under "
                f"{self.predicted.closure}, and {self.beyond_closure} of these disagree;"
            ))
        return "\n".join(lines)

    def to_records(self) -> list[dict[str, Any]]:
        """Rows as dictionaries of plain Python values; alpha as a string such as "2,1"."""
        return [
            row._asdict() | {"alpha": ",".join(map(str, row.alpha))} for row in self.rows
        ]

    def _kept(self, limit: int | None) -> NDArray:
        if limit is not None and as_integer(limit) is None:
            raise DomainError(f"limit is {brief(limit)}; give a number of rows, or None for all")
        if limit is None or len(self) <= limit:
            return np.arange(len(self))
        order = np.lexsort((-np.abs(self.columns["z"]), self.columns["p"]))
        return np.sort(order[:limit])

    def _cells(self, limit: int | None) -> tuple[list[list[str]], int]:
        """Text cells; beyond the limit the rows with the smallest p stay, in their order."""
        keep = self._kept(limit)
        cells = []
        for k in keep:
            row = self._row(int(k))
            cells.append([
                row.layer, "(" + ", ".join(map(str, row.alpha)) + ")", str(row.network),
                f"{row.predicted:.6g}", f"{row.measured:.6g}", f"{row.standard_error:.2g}",
                f"{row.z:+.2f}", "-" if np.isnan(row.p_holm) else f"{row.p_holm:.2g}", row.verdict,
                *([row.closure] if self._truncated.any() else []),
            ])  # fmt: skip
        return cells, len(self) - len(keep)

    def _head(self) -> list[str]:
        return [*_HEADER, "verdict", *(["closure"] if self._truncated.any() else [])]

    def __str__(self) -> str:
        cells, left = self._cells(MAX_ROWS_SHOWN)
        lines = text_table([self._head(), *cells], left=(0, 1, 8, 9))
        lines.insert(1, "-" * max(map(len, lines)))
        note = [f"... and {left} more rows with larger p"] if left else []
        return "\n".join([*lines, *note, self.summary()])

    def __repr__(self) -> str:
        return f"<Comparison: {self.summary()}>".replace("\n", " ")

    def _repr_html_(self) -> str:
        kept = self._kept(MAX_ROWS_SHOWN)
        left = len(self) - len(kept)
        several, cut = bool(self.columns["network"].any()), bool(self._truncated.any())
        head = ["layer", "alpha", *(["network"] if several else []), "predicted", "measured", "z",
                "p (Holm)", "verdict", *(["closure"] if cut else [])]  # fmt: skip
        rows = []
        for k in kept:
            row = self._row(int(k))
            good = {"agree": True, "disagree": False, "undecided": None}[row.verdict]
            rows.append([
                row.layer, "(" + ", ".join(map(str, row.alpha)) + ")",
                *([row.network] if several else []),
                number(row.predicted), with_error(row.measured, row.standard_error),
                z_score(row.z, good), "–" if np.isnan(row.p_holm) else f"{row.p_holm:.2g}",
                row.verdict, *([row.closure] if cut else []),
            ])  # fmt: skip
        note = f"{left} more rows with larger p are not shown; .rows has all." if left else ""
        return html_table(self.summary(), [head, *rows], note)

    @explained
    def to_latex(self, limit: int | None = None) -> str:
        r"""Booktabs table; needs \usepackage{booktabs}.

        Parameters
        ----------
        limit : int, optional
            Keep this many rows, those with the smallest p. All by default.
        """
        cells, left = self._cells(limit)
        head = ["layer", r"$\alpha$", "network", "predicted", "measured", "std.\\ error", "$z$",
                r"$p_{\mathrm{Holm}}$", *self._head()[8:]]  # fmt: skip
        body = [
            " & ".join([_tex(row[0]), f"${row[1]}$", row[2], *map(_tex_number, row[3:8]),
                        *map(_tex, row[8:])])
            for row in cells
        ]  # fmt: skip
        note = [rf"% {left} rows with larger p left out"] if left else []
        return "\n".join([
            rf"\begin{{tabular}}{{llrrrrrr{'l' * (len(head) - 8)}}}", r"\toprule",
            " & ".join(head) + r" \\", r"\midrule",
            *(line + r" \\" for line in body), r"\bottomrule", r"\end{tabular}", *note,
        ])  # fmt: skip

    @explained
    def latex_blocks(self, limit: int | None = MAX_ROWS_SHOWN) -> list[Any]:
        """The table as a block of an article; arguments as in :meth:`to_latex`."""
        from cumulant_theory.latex import Table

        cells, left = self._cells(limit)
        note = f" {left} rows with larger $p$ are left out." if left else ""
        head = ["layer", r"$\alpha$", "network", "predicted", "measured", "std. error", "$z$",
                r"$p_{\mathrm{Holm}}$", *self._head()[8:]]  # fmt: skip
        return [Table(head, cells, caption=f"{self.summary()}.{note}".replace("..", "."))]

    def plot(self) -> "Figure":
        """Predicted against measured with error bars, and z by layer; see `plotting`."""
        from numerics.plotting import comparison_figure

        return comparison_figure(self)


def _tex(text: str) -> str:
    table = {c: "\\" + c for c in "&%$#_{}"}
    table |= {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(table.get(c, c) for c in text)


def _tex_number(text: str) -> str:
    if "inf" in text:
        return "$" + text.replace("inf", r"\infty") + "$"
    mantissa, _, exponent = text.partition("e")
    if exponent:
        return rf"${mantissa} \times 10^{{{int(exponent)}}}$"
    return "--" if text == "-" else f"${text}$"
