"""Print the rows of all benchmarks as one table: ``python -m benchmarks [name ...]``."""

import argparse
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

HEADER = ("what", "ours", "peer", "", "ratio", "reach")


def modules() -> list[str]:
    """Names of the benchmark modules."""
    return sorted(p.stem for p in Path(__file__).parent.glob("*.py") if not p.stem.startswith("_"))


def collect(name: str) -> list[dict[str, Any]]:
    """Rows of one module; a peer that is not installed gives one row that says so."""
    try:
        return import_module(f"benchmarks.{name}").rows()
    except ImportError as error:
        absent = (error.name or "").split(".")[0]
        if absent in ("", "benchmarks", "numerics", "cumulant_theory"):
            raise
        return [{"what": f"{name}: not run", "ours_s": None, "peer": f"{absent} (not installed)",
                 "peer_s": None, "ratio": None, "reach": "pip install -e '.[bench]'"}]  # fmt: skip


def quantity(value: Any, kind: str) -> str:
    """A time with its unit, a number of things, or an error."""
    if value is None:
        return "-"
    if kind in ("terms", "cumulants"):
        return f"{value:.0f} {kind}"
    if kind:
        return f"{value:.1e}"
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if value >= scale:
            return f"{value / scale:.3g} {unit}"
    return f"{value / 1e-9:.3g} ns"


def line(row: dict[str, Any]) -> tuple[str, ...]:
    """Cells of one row."""
    kind = row.get("quantity", "")
    ratio = "-" if row["ratio"] is None else f"{row['ratio']:.3g}"
    ours = quantity(row["ours_s"], kind)
    ours += f" +- {row['noise']:.0e}" if row.get("noise") else ""
    return (row["what"], ours, row["peer"],
            quantity(row["peer_s"], kind), ratio, row["reach"])  # fmt: skip


def table(lines: list[tuple[str, ...]]) -> str:
    """The lines in columns, numbers flush right."""
    everything = [HEADER, *lines]
    widths = [max(len(cells[k]) for cells in everything) for k in range(len(HEADER))]
    shown = []
    for cells in everything:
        shown.append("  ".join(
            c.rjust(w) if k in (1, 3, 4) else c.ljust(w)
            for k, (c, w) in enumerate(zip(cells, widths, strict=True))
        ).rstrip())  # fmt: skip
    shown.insert(1, "  ".join("-" * w for w in widths))
    return "\n".join(shown)


def main(arguments: list[str] | None = None) -> int:
    """Entry point."""
    known = modules()
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Times of this library beside those of others, in one run. "
        "ratio = peer / ours: above 1 this library is faster.",
    )
    parser.add_argument("names", nargs="*", metavar="name", help=f"default: {' '.join(known)}")
    names = parser.parse_args(arguments).names or known
    unknown = [n for n in names if n not in known]
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; known: {', '.join(known)}")
    lines = []
    for name in names:
        print(f"running {name} ...", file=sys.stderr)
        lines += [line(row) for row in collect(name)]
    print(table(lines))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
