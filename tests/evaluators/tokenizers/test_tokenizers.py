from __future__ import annotations

import subprocess
import sys
import unicodedata
from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.tokenizers.tokenizer_ko_mecab import TokenizerKoMecab

from evaluators import EvaluationError, tokenizer
from evaluators.optional import load_library
from evaluators.tokenizers import TOKENIZERS, cached_tokenizer


@pytest.mark.parametrize(
    ("name", "text", "tokens"),
    [
        ("whitespace", " 벽지가\n젖었다 ", ["벽지가", "젖었다"]),
        ("char", "벽지 A4", ["벽", "지", "A", "4"]),
        ("char", unicodedata.normalize("NFD", "가"), ["\u1100", "\u1161"]),
        ("mecab", "벽지에 A4", ["벽지", "에", "A", "4"]),
        ("mecab", "가\0나", ["가", "나"]),
        ("kiwi", "벽지에 곰팡이가 생겼어요", ["벽지", "에", "곰팡이", "가", "생기", "었", "어요"]),
    ],
)
def test_tokens(name: str, text: str, tokens: list[str]) -> None:
    assert tokenizer(name)(text) == tokens


@pytest.mark.parametrize("name", TOKENIZERS)
@pytest.mark.parametrize("text", ["", " \t\n\u3000", "\0"])
def test_nothing_comes_of_nothing(name: str, text: str) -> None:
    assert [token for token in tokenizer(name)(text) if token != "\0"] == []


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(TOKENIZERS), st.text())
def test_no_token_is_empty_and_equal_texts_have_equal_tokens(name: str, text: str) -> None:
    tokens = tokenizer(name)(text)
    assert all(token.strip() for token in tokens)
    assert tokenizer(name)(text) == tokens


@settings(deadline=None, max_examples=100)
@given(st.text(alphabet=st.sampled_from("가나다벽지도배 A4ㅋ漢🙂\n.,")))
def test_mecab_gives_the_morphemes_sacrebleu_gives(text: str) -> None:
    assert tokenizer("mecab")(text) == TokenizerKoMecab()(text).split()  # type: ignore[no-untyped-call]


def test_a_long_text_comes_through_whole() -> None:
    assert len(tokenizer("mecab")("물 " * 10_000)) == 10_000
    assert len(tokenizer("char")("물 " * 10_000)) == 10_000


def test_signatures_name_the_versions() -> None:
    assert tokenizer("mecab").signature == "mecab-0.996/ko-0.9.2-dic-1.0.0"
    assert tokenizer("kiwi").signature.startswith("kiwi-0.")
    assert "-model-0." in tokenizer("kiwi").signature
    assert tokenizer("whitespace").signature == "whitespace"


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(EvaluationError, match="'mecap' is unknown: use one of mecab, kiwi"):
        tokenizer("mecap")


def test_making_a_tokenizer_loads_no_analyser() -> None:
    code = (
        "import sys; from evaluators import tokenizer, available; available()\n"
        "tokenizer('mecab'), tokenizer('kiwi')\n"
        "heavy = ('mecab_ko', 'kiwipiepy', 'sacrebleu', 'py3langid')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("name", "module", "command"),
    [
        ("mecab", "mecab_ko", r"pip install 'sacrebleu\[ko\]'"),
        ("kiwi", "kiwipiepy", "pip install 'kiwipiepy'"),
    ],
)
def test_a_missing_analyser_is_reported_on_use(
    name: str, module: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = import_module(f"evaluators.tokenizers.{name}")
    load = home._tagger if name == "mecab" else home._analyser
    load.cache_clear()
    monkeypatch.setitem(sys.modules, module, None)
    made = tokenizer(name)
    with pytest.raises(EvaluationError, match=command):
        made("가")
    load.cache_clear()


def test_a_library_that_is_there_is_returned() -> None:
    assert load_library("json", needed_by="this", install="json").__name__ == "json"


def test_cached_texts_are_tokenized_once() -> None:
    calls = []

    def cut(text: str) -> list[str]:
        calls.append(text)
        return text.split()

    tokens = cached_tokenizer(cut)
    assert tokens("가 나") == tokens("가 나") == ["가", "나"]
    assert tokens("나 다")[0] is tokens("가 나")[1]
    assert calls == ["가 나", "나 다"]
