"""BERT's tokenizer in Python, which bert-score's numbers are made with."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPTIONS: Final = ("do_lower_case", "tokenize_chinese_chars", "strip_accents")
_SPECIAL: Final = ("unk_token", "sep_token", "pad_token", "cls_token", "mask_token")

# Composed already, and old enough for every table of characters; "[" may begin a special token.
_PLAIN: Final = re.compile(r"[\t\n\r -Z\\-~·‐-‧、-】ㄱ-ㅣ一-鿿가-힣]*")


def is_plain(text: str) -> bool:
    """Return whether both tokenizers cut a text up alike; then the fast one will do."""
    return _PLAIN.fullmatch(text) is not None


def slow_bert(tokenizer: Any) -> Any | None:
    """Return the Python tokenizer for BERT's fast one; None for any other, which has none here.

    bert-score asks for the slow tokenizers, and of these transformers has kept BERT's alone. It
    composes texts (NFC), which the fast one does not, and knows newer characters than that does.
    """
    from transformers import BertTokenizer, BertTokenizerLegacy

    if not isinstance(tokenizer, BertTokenizer):
        return None
    options = {name: getattr(tokenizer, name) for name in (*_OPTIONS, *_SPECIAL)}
    with TemporaryDirectory() as folder:
        file = Path(folder) / "vocab.txt"
        file.write_text("".join(f"{token}\n" for token in _in_order(tokenizer)), "utf-8")
        slow: Any = BertTokenizerLegacy(
            str(file), model_max_length=tokenizer.model_max_length, **options
        )
    known: Mapping[str, int] = tokenizer.get_vocab()
    # A vocabulary with gaps cannot be written as a list.
    return slow if slow.get_vocab() == known else None


def _in_order(tokenizer: Any) -> list[str]:
    vocabulary: Mapping[str, int] = tokenizer.get_vocab()
    return sorted(vocabulary, key=lambda token: vocabulary[token])
