"""Column names: what is wrong with them, and which one was probably meant."""

import difflib
import unicodedata
from collections.abc import Sequence

from submission.errors import MOST_LISTED, nearest

_INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060"))


def complaint(columns: Sequence[str], *, unnamed_index: bool = False) -> str | None:
    """Say why these cannot be the columns of a table; None if they can.

    With ``unnamed_index``, the first may be nameless, as the index that pandas writes is.
    """
    for number, name in enumerate(columns, start=1):
        if not name.strip() and not (unnamed_index and number == 1 and not name):
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
    parts = [f"{name!r}{_resemblance(name, available)}" for name in missing[:MOST_LISTED]]
    noun = "the column" if len(missing) == 1 else "the columns"
    listed = f"{', '.join(parts)}{_more(len(missing) - len(parts))}"
    message = f"{noun} {listed} {'is' if len(missing) == 1 else 'are'} missing; it has "
    message += nearest(map(repr, available), *map(repr, missing)) or "no columns"
    if len(available) == 1 and any(mark in available[0] for mark in ";\t|"):
        message += " (one column: save it with commas between the cells)"
    return message


def _more(others: int) -> str:
    return f" and {others} more" if others else ""


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
