"""Names of symbols as LaTeX."""

import re
import unicodedata
from functools import lru_cache

from sympy.printing.latex import translate

from cumulant_theory.arguments import explained

__all__ = ["name_parts", "natural", "symbol_tex"]

_LETTER_THEN_DIGITS = re.compile(r"([A-Za-z]+)(\d+)")


@explained
def symbol_tex(name: str) -> str:
    r"""Write the name of a symbol as LaTeX.

    Parts after ``__`` become superscripts in parentheses (a layer number is no exponent), parts
    after ``_`` subscripts. Greek letters may be spelled out or typed.

    Parameters
    ----------
    name
        Name such as ``W__1_12`` or ``kappa__z2_1,12``. A name that contains a backslash or a
        brace is LaTeX already and is returned unchanged.

    Returns
    -------
    str
        LaTeX accepted by LaTeX and KaTeX.

    Examples
    --------
    >>> print(symbol_tex("W__1_12"), symbol_tex("kappa__z2_112"), symbol_tex("kappa_4"))
    W^{(1)}_{12} \kappa^{(z_{2})}_{112} \kappa_{4}
    """
    base, supers, subs = name_parts(name)
    text = base
    if supers:
        text += "^{(" + ",".join(supers) + ")}"
    if subs:
        text += "_{" + ",".join(subs) + "}"
    return text


@lru_cache(maxsize=65536)
def name_parts(name: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Split a name into the LaTeX of its base, superscripts and subscripts."""
    if "\\" in name or "{" in name or "}" in name:
        return name, (), ()
    name = "".join(_ascii_letter(c) for c in name)
    head, *rest = re.split(r"(__?)", name)
    supers, subs = [], []
    match = _LETTER_THEN_DIGITS.fullmatch(head)
    if match:
        head = match[1]
        subs.append(match[2])
    for mark, part in zip(rest[::2], rest[1::2], strict=True):
        if part:
            (supers if mark == "__" else subs).append(_script_tex(part))
    return _word_tex(head) if head else "{}", tuple(supers), tuple(subs)


def _ascii_letter(character: str) -> str:
    if character.isascii():
        return character
    words = unicodedata.name(character, "").split()
    if words[:1] == ["GREEK"] and len(words) == 4 and words[2] == "LETTER":
        word = words[3].lower().replace("lamda", "lambda")
        return word if words[1] == "SMALL" else word.capitalize()
    return character


def _script_tex(part: str) -> str:
    match = _LETTER_THEN_DIGITS.fullmatch(part)
    if match:
        return f"{_word_tex(match[1])}_{{{match[2]}}}"
    if _CHANNEL_WORD.fullmatch(part):
        return re.sub(r"([a-z])(\d+)", r"\1_{\2}", part)
    return ",".join(_word_tex(piece) for piece in part.split(","))


# indices of units in order, such as iij or hjjkk; other long words are names and stay upright
_INDEX_WORD = re.compile(r"h*i*j*k*l*m*n*p*q*r*s*u*v*w*x*y*")
# the same with a channel each, such as i1i2j1
_CHANNEL_WORD = re.compile(r"(?:[a-z]\d+){2,}")


def _word_tex(word: str) -> str:
    if not word.isascii():
        return rf"\text{{{_escape_word(word)}}}"
    if word.isalnum():
        translated = translate(word)
        if translated != word or len(word) == 1 or any(c.isdigit() for c in word):
            return translated
        if len(word) == 2 or _INDEX_WORD.fullmatch(word):
            return word
        return rf"\mathrm{{{word}}}"
    if re.fullmatch(r"[A-Za-z0-9+\-*/=(),.']*", word):
        return word
    return rf"\text{{{_escape_word(word)}}}"


def _escape_word(word: str) -> str:
    return re.sub(r"([%#&$])", r"\\\1", word).replace("~", " ").replace("^", " ")


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key that compares runs of digits as numbers."""
    return tuple(
        (1, int(part), "") if part.isdigit() else (0, 0, part)
        for part in re.split(r"(\d+)", text)
        if part
    )
