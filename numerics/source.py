"""Identifiers and line layout of generated Python source."""

import keyword
import re
import textwrap
import unicodedata
from collections.abc import Sequence

WIDTH = 96


class Names:
    """Python identifiers for symbols, each used once and none of the reserved ones."""

    def __init__(self, *reserved: str) -> None:
        self.taken: set[str] = {"kernel", *reserved}

    def new(self, wanted: str) -> str:
        """Return an identifier as close to the wanted name as possible."""
        name = unicodedata.normalize("NFKC", wanted)
        if not name.isidentifier():
            name = re.sub(r"[^0-9A-Za-z_]+", "_", name).strip("_") or "x"
            name = name if name.isidentifier() else f"x_{name}"
        if keyword.iskeyword(name) or keyword.issoftkeyword(name):
            name += "_"
        unique, count = name, 1
        while unique in self.taken:
            count += 1
            unique = f"{name}_{count}"
        self.taken.add(unique)
        return unique

    def numbered(self, stem: str) -> str:
        """Return the stem with the first free number."""
        count = 1
        while f"{stem}{count}" in self.taken:
            count += 1
        self.taken.add(f"{stem}{count}")
        return f"{stem}{count}"


def is_long(statement: str) -> bool:
    """Whether a statement is wrapped: a return, or an assignment beyond the width."""
    if statement.startswith("#"):
        return False
    if statement.startswith("return"):
        return True
    return len(statement) > WIDTH - 4 and " = " in statement


def wrap(text: str, indent: str = "") -> list[str]:
    """Lines of a statement or a text, a long right-hand side in parentheses."""
    if " = " in text and len(text) > WIDTH - 4:
        left, right = text.split(" = ", 1)
        inner = textwrap.wrap(right, WIDTH - 8, break_long_words=False, break_on_hyphens=False)
        return [f"{left} = (", *(f"{indent}{line}" for line in inner), ")"]
    return textwrap.wrap(
        text, WIDTH - 4, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def add(texts: Sequence[str]) -> str:
    """Join summands, a leading minus sign as a subtraction."""
    return texts[0] + "".join(f" - {t[1:]}" if t[0] == "-" else f" + {t}" for t in texts[1:])
