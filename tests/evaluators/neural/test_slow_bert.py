"""BERTScore's tokens are those of bert-score: BERT's rules, decomposed and odd texts included."""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from evaluators import BertScore, Example
from evaluators.neural.slow_bert import is_plain, slow_bert
from evaluators.neural.token_encoder import TokenEncoder
from tests.evaluators.neural.plain_bert import SPECIAL, reference_ids, write_bert

SENTENCES = (
    "한국의 설날에는 떡국을 먹고 세배를 한다.",
    "‘되’가 아니라 “돼”가 옳다: 어간 뒤에 ‘-어’가 온다.",
    "A4 용지 3장, LH 아파트 12㎡ (2024년)",
    "樂園에서 金 씨와 李 씨가 만났다",
    "커피 café naïve Ångström 5℃ ½",
)
COMPATIBILITY_HANJA = [chr(code) for code in range(0xF900, 0xF91C)]
ODD = [
    *"\u00a0\u3000\u2028\u0085\u200b\u200d\ufeff\u00ad\u0301\u0308\ufffd\u1112\u1161\u11ab",
    *"㎡①ⅷﬁＡ１", "\U0001f923", "\U0001fae0", "\U0001fae8", "\u0378",
]  # fmt: skip


def composed_and_not() -> list[str]:
    """Sentences as they are, decomposed, compatibility-decomposed, and with odd characters."""
    texts = [
        unicodedata.normalize(form, text)
        for text in SENTENCES
        for form in ("NFC", "NFD", "NFKC", "NFKD")
    ]
    for text in list(texts):
        for number, sign in enumerate((*COMPATIBILITY_HANJA, *ODD)):
            place = 7 * number % (len(text) + 1)
            texts.append(text[:place] + sign + text[place:])
    return texts


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "bert"
    write_bert(folder, composed_and_not())
    return folder


def test_ids_are_those_of_the_authors_rules_on_odd_texts(model: Path) -> None:
    from transformers import AutoTokenizer

    texts = composed_and_not()
    assert len(texts) >= 568
    fast = AutoTokenizer.from_pretrained(model)
    vocabulary = fast.get_vocab()
    encoder = TokenEncoder(str(model), 2, device="cpu")
    found = [tokens.ids for tokens in encoder.tokenize(texts)]
    assert found == [reference_ids(text, vocabulary, encoder.limit) for text in texts]
    # Else nothing is shown: the fast tokenizer reads some of these texts in another way.
    assert fast([text.strip() for text in texts])["input_ids"] != found


def test_scores_are_those_of_bert_score_with_its_slow_tokenizer(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bert_score import score
    from transformers import AutoTokenizer

    def slow_tokenizer(name: str, _: bool = False) -> object:
        return slow_bert(AutoTokenizer.from_pretrained(name))

    monkeypatch.setattr(sys.modules[score.__module__], "get_tokenizer", slow_tokenizer)
    texts = composed_and_not()[::7]
    golds = [SENTENCES[place % len(SENTENCES)] for place in range(len(texts))]
    _, _, expected = score(
        texts, golds, model_type=str(model), num_layers=2, batch_size=1, nthreads=0
    )
    examples = [
        Example(str(n), text, (gold,))
        for n, (text, gold) in enumerate(zip(texts, golds, strict=True))
    ]
    rows = BertScore(str(model), 2, device="cpu", cache_bytes=0).rows(examples)
    np.testing.assert_allclose(rows, expected.numpy(), atol=1e-5)


def test_decomposed_text_scores_as_composed_text_does(model: Path) -> None:
    metric = BertScore(str(model), 2, device="cpu", cache_bytes=0)
    rows = metric.rows(
        [Example("1", unicodedata.normalize("NFD", text), (text,)) for text in SENTENCES]
    )
    np.testing.assert_allclose(rows, 1.0, atol=1e-5)
    assert dict(metric.signature.options)["tok"] == "slow"


def test_the_fast_tokenizer_takes_texts_whose_every_character_it_reads_alike() -> None:
    from transformers import BertTokenizer

    signs = [chr(code) for code in range(1, 0x10000) if not 0xD800 <= code < 0xE000]
    plain = [sign for sign in signs if is_plain(sign)]
    assert len(plain) > 11172 + 20000
    kept = [sign for sign in plain if sign.strip()]
    tokens = [*SPECIAL, *kept, *(f"##{sign}" for sign in kept)]
    for lower in (False, True):
        fast = BertTokenizer(
            vocab={token: n for n, token in enumerate(tokens)}, do_lower_case=lower
        )
        slow = slow_bert(fast)
        assert slow is not None
        words = [f"가{sign}A{sign}" for sign in plain]
        texts = [" ".join(words[start : start + 50]) for start in range(0, len(words), 50)]
        assert fast(texts)["input_ids"] == slow(texts)["input_ids"]


@pytest.mark.parametrize("text", ["\u1100\u1161", "e\u0301", "\uf900", "\u00a0", "[MASK]", "🤣"])
def test_other_texts_are_not_plain(text: str) -> None:
    assert not is_plain(f"가{text}나")


def test_another_tokenizer_is_left_as_it_is(tiny_bert: Path) -> None:
    from transformers import AutoTokenizer

    assert slow_bert(AutoTokenizer.from_pretrained(tiny_bert)) is None
    assert "tok" not in dict(BertScore(str(tiny_bert)).signature.options)
