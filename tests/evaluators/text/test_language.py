from __future__ import annotations

import random
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators import EvaluationError, Example, LanguageMatch
from evaluators.text.language import _identifier, language_of

SENTENCES = {
    "ko": [
        "벽지에 곰팡이가 생겼습니다.",
        "LH에서 A4 용지 3장",
        "Transformer model의 attention mechanism을 사용",
        "BERT와 GPT를 비교",
        "PVC 창호",
        "大韓民國의 憲法",
        "HTTP 404 error page not found 오류입니다",
        "ㅋㅋ",
    ],
    "en": [
        "The wallpaper is peeling.",
        "BERT and GPT",
        "The Korean word for apple is 사과.",
        "OK",
        "Café",
    ],
    "ja": ["壁紙がはがれています。", "カタカナ", "A4用紙を使う"],
    "zh": ["墙纸脱落了。", "请更换墙纸", "使用 API 的方法"],
    "other": ["Привет, мир", "สวัสดีครับ"],
    None: ["", "3", "①", "ㅋ", "네", "🙂🙂", "30.5"],
}
PAIRS = [(name, text) for name, texts in SENTENCES.items() for text in texts]


@pytest.mark.parametrize(("name", "text"), PAIRS)
def test_short_and_mixed_sentences(name: str | None, text: str) -> None:
    assert language_of(text) == name


@given(st.text())
def test_any_text_has_an_answer(text: str) -> None:
    assert language_of(text) in {"ko", "en", "zh", "ja", "other", None}


@given(st.text(alphabet="가나다라 ,.0123", min_size=1))
def test_hangul_alone_is_korean_whatever_the_marks(text: str) -> None:
    letters = sum(letter.isalpha() for letter in text)
    assert language_of(text) == ("ko" if letters >= 2 else None)


@given(st.text(), st.text(alphabet="0123456789 .,%", max_size=20))
def test_what_has_no_letters_never_mismatches(reference: str, answer: str) -> None:
    assert LanguageMatch().rows([Example("1", answer, (reference,))]).tolist() == [1]


def test_a_text_in_the_references_language_always_matches() -> None:
    rows = [Example(text, text, (text,)) for _, text in PAIRS]
    assert LanguageMatch().rows(rows).all()


def test_the_signature_names_the_second_voter() -> None:
    assert "by:script+py3langid-0." in str(LanguageMatch().signature)


def test_the_identifier_is_needed_only_where_scripts_leave_it_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _identifier.cache_clear()
    language_of.cache_clear()
    monkeypatch.setitem(sys.modules, "py3langid.langid", None)
    assert language_of("벽지를 교체하세요") == "ko"
    with pytest.raises(EvaluationError, match="pip install 'py3langid'"):
        language_of("Reset key 하세요")
    language_of.cache_clear()


def by_letters(text: str) -> str | None:
    """The rule letter by letter, as it is described; ``?`` where the scripts leave it open."""
    text = unicodedata.normalize("NFC", text)
    names = [unicodedata.name(each, "") if each.isalpha() else None for each in text]
    scripts = [None if name is None else script(name) for name in names]
    letters = [each for each in scripts if each is not None]
    if len(letters) < 2:
        return None
    hangul, kana, han = (letters.count(each) for each in ("hangul", "kana", "han"))
    if 2 * letters.count("other") > len(letters):
        return "other"
    if kana > hangul:
        return "ja"
    starts = zip(scripts, [None, *scripts], strict=False)
    words = sum(one == "latin" != before for one, before in starts)
    if not hangul:
        return "zh" if han > words else "en"
    if hangul + han >= 4 * words:
        return "ko"
    return "en" if words >= 4 * (hangul + han) else "?"


def script(name: str) -> str:
    for mark, found in (("HANGUL", "hangul"), ("HIRAGANA", "kana"), ("KATAKANA", "kana")):
        if mark in name:
            return found
    if name.startswith("CJK"):
        return "han"
    return "latin" if "LATIN" in name else "other"


def test_any_mixture_of_scripts_is_told_as_letter_by_letter() -> None:
    draw = random.Random(7)  # noqa: S311
    alphabets = [
        "가나다라벽지",
        "abcXYZé ",
        "漢字壁紙",
        "ひらカタ",
        "Привет",
        " .,12\n",
        "\u1100\u1161\u11a8",
    ]
    for _ in range(3000):
        chosen = draw.sample(alphabets, draw.randint(1, 4))
        text = "".join(draw.choice(draw.choice(chosen)) for _ in range(draw.randint(0, 50)))
        wanted = by_letters(text)
        assert language_of(text) == wanted or wanted == "?", text
