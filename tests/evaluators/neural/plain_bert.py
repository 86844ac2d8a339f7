"""A small BERT over given texts, and its tokenization as its authors define it, written again."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LENGTH = 96


def write_bert(folder: Path, texts: Sequence[str]) -> None:
    """A random BERT whose vocabulary has every character of the texts, first and within a word."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizer

    signs = {sign for text in texts for sign in text + unicodedata.normalize("NFC", text)}
    kept = sorted(sign for sign in signs if len(sign.split()) == 1 == len(f"{sign}x".splitlines()))
    tokens = [*SPECIAL, *kept, *(f"##{sign}" for sign in kept)]
    tokenizer = BertTokenizer(
        vocab={token: place for place, token in enumerate(tokens)},
        do_lower_case=False,
        model_max_length=LENGTH,
    )
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokens), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=LENGTH,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def words(text: str) -> Iterator[str]:
    """The words of a cased BERT: clean, Hanja and marks apart, composed (Devlin et al. 2019)."""
    clean = ""
    for sign in text:
        kind = unicodedata.category(sign)
        if sign in "\t\n\r" or kind == "Zs":
            clean += " "
        elif sign != "\ufffd" and not kind.startswith("C"):
            clean += f" {sign} " if is_hanja(sign) else sign
    for run in unicodedata.normalize("NFC", clean).split():
        word = ""
        for sign in run:
            if is_mark(sign):
                yield from filter(None, (word, sign))
                word = ""
            else:
                word += sign
        if word:
            yield word


def is_hanja(sign: str) -> bool:
    return (
        "\u4e00" <= sign <= "\u9fff"
        or "\u3400" <= sign <= "\u4dbf"
        or "\uf900" <= sign <= "\ufaff"
        or "\U00020000" <= sign <= "\U0002ceaf"
        or "\U0002f800" <= sign <= "\U0002fa1f"
    )


def is_mark(sign: str) -> bool:
    ascii_mark = sign.isascii() and sign.isprintable() and not sign.isalnum() and sign != " "
    return ascii_mark or unicodedata.category(sign).startswith("P")


def pieces(word: str, vocabulary: dict[str, int]) -> list[int]:
    """The longest pieces from the left; the whole word is unknown where one is missing."""
    found, start = [], 0
    while start < len(word):
        prefix = "##" if start else ""
        ends = range(len(word), start, -1)
        end = next((end for end in ends if prefix + word[start:end] in vocabulary), None)
        if end is None:
            return [vocabulary["[UNK]"]]
        found.append(vocabulary[prefix + word[start:end]])
        start = end
    return found


def reference_ids(text: str, vocabulary: dict[str, int], limit: int) -> list[int]:
    ids = [piece for word in words(text.strip()) for piece in pieces(word, vocabulary)]
    return [vocabulary["[CLS]"], *ids[: limit - 2], vocabulary["[SEP]"]]
