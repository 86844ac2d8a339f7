"""Column names: what is wrong with them, and which one was probably meant."""

import difflib
import unicodedata
from collections.abc import Sequence

_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060"))
_SHOWN = 12


def complaint(columns: Sequence[str]) -> str | None:
    """Say why these cannot be the columns of a table; None if they can."""
    for number, name in enumerate(columns, start=1):
        if not name.strip():
            return (
                f"column {number} has no name; name it, or remove it"
                " (pandas writes a nameless first column unless index=False)"
            )
    first: dict[str, int] = {}
    for number, name in enumerate(columns, start=1):
        if first.setdefault(name, number) != number:
            return f"columns {first[name]} and {number} are both named {name!r}; rename one"
    return None


def explain_missing(missing: Sequence[str], available: Sequence[str]) -> str:
    """Say which columns are missing, what each resembles, and what there is instead."""
    parts = [f"{name!r}{_resemblance(name, available)}" for name in missing]
    noun = "the column" if len(parts) == 1 else "the columns"
    shown = ", ".join(map(repr, available[:_SHOWN]))
    if len(available) > _SHOWN:
        shown += f", … ({len(available)} in all)"
    message = f"{noun} {', '.join(parts)} {'is' if len(parts) == 1 else 'are'} missing; it has "
    message += shown or "no columns"
    if len(available) == 1 and any(mark in available[0] for mark in ";\t|"):
        message += " (one column: save it with commas between the cells)"
    return message


def _resemblance(name: str, available: Sequence[str]) -> str:
    for other in available:
        if _folded(other) == _folded(name):
            return f" ({other!r} differs only in {_difference(name, other)})"
    close = difflib.get_close_matches(name, available, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _folded(name: str) -> str:
    visible = unicodedata.normalize("NFKC", name).translate(_INVISIBLE)
    return "".join(visible.split()).casefold()


def _difference(name: str, other: str) -> str:
    if name.translate(_INVISIBLE) == other.translate(_INVISIBLE):
        return "an invisible character (a byte-order mark, say)"
    if unicodedata.normalize("NFC", name) == unicodedata.normalize("NFC", other):
        return f"Unicode form: it is {_form(other)}, not {_form(name)}"
    if "".join(name.split()) == "".join(other.split()):
        return "spaces"
    if name.casefold() == other.casefold():
        return "upper and lower case"
    return "spaces, case or Unicode form"


def _form(name: str) -> str:
    return "NFC" if unicodedata.is_normalized("NFC", name) else "NFD"
