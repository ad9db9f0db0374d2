"""``cumulants theorems``: list, verify or export the named theorems."""

from collections.abc import Sequence
from pathlib import Path

from cumulant_theory import theorems


def export(
    names: Sequence[str] = (), out: Path | None = None, verify: bool = False
) -> int:
    """List the theorems, re-check their proofs, or write them; arguments as on the command line.

    Raises
    ------
    UnknownNameError
        If a name is unknown.
    VerificationError
        If a proof does not hold.
    OutputError
        If the file cannot be written.
    """
    chosen = [theorems.get(name) for name in (names or theorems.catalogue())]
    for theorem in chosen:
        if verify:
            print(f"{theorem.name}: {theorem.verify()}")
        elif out is None:
            print(f"{theorem.name:20} {theorem.title}")
    if out is None:
        return 0
    article = theorems.article([t.name for t in chosen])
    print(f"written: {article.write(out.with_suffix('.tex'))}")
    if out.suffix.lower() == ".pdf":
        print(f"written: {article.compile(out)}")
    return 0
