"""Cleaning: markup, characters and boilerplate off, and every rule with its threshold."""

from __future__ import annotations

import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser as HTMLParser

from baselines.corpus.clean.markup import plain
from baselines.corpus.clean.spacing import tidy
from baselines.corpus.clean.step import Clean, CleanSettings
from baselines.corpus.record import Record, Source
from submission.errors import InputError

BODY = "거실 벽지가 들떠서 풀을 다시 바르고 하루 동안 말렸다."


def record(document: str = BODY, answers: tuple[str, ...] = ("풀",), **more: object) -> Record:
    return Record(
        id="made:1",
        source=Source("made", "made.jsonl", "1"),
        task="qa",
        documents=(document,),
        question="무엇을 발랐나요?",
        answers=answers,
        **more,  # type: ignore[arg-type]
    )


def cleaned(document: str, **settings: object) -> str:
    batch = Clean(CleanSettings(**settings)).apply([record(document)], 0)  # type: ignore[arg-type]
    return batch.kept[0].documents[0]


def test_markup_goes_and_what_only_looks_like_it_stays() -> None:
    page = (
        "<html><head><title>x</title><style>p{}</style></head><body><p>벽지 &amp; 풀</p>"
        "<script>var a = 1 < 2;</script><p>둘째<br>줄 <NAME>님은 3 < 4 라고</p></body></html>"
    )
    assert plain(page).split() == [
        "벽지",
        "&",
        "풀",
        "둘째",
        "줄",
        "<NAME>님은",
        "3",
        "<",
        "4",
        "라고",
    ]
    assert plain("a < b 이고 <NAME>은 > c") == "a < b 이고 <NAME>은 > c"
    assert tidy(plain("&lt;b&gt;굵게&lt;/b&gt; 쓴다")) == "굵게 쓴다"


def test_a_table_stays_readable_row_by_row() -> None:
    table = (
        "<table><thead></thead><tbody><tr><th rowspan=2>합지</th><td>폭 93</td></tr>"
        "<tr><td>길이 17</td></tr>"
        "<tr><th>실크</th><td>폭 106</td></tr></tbody></table>"
    )
    assert tidy(plain(table)).split("\n") == ["합지 | 폭 93", "합지 | 길이 17", "실크 | 폭 106"]


def test_a_cell_that_spans_columns_and_rows_is_in_each_of_them() -> None:
    table = (
        "<table><tr><th colspan=2>치수</th><th>값</th></tr>"
        "<tr><td rowspan=2 colspan=2>폭</td><td>93</td></tr><tr><td>106</td></tr></table>"
    )
    assert tidy(plain(table)).split("\n") == ["치수 | 치수 | 값", "폭 | 폭 | 93", "폭 | 폭 | 106"]


@pytest.mark.parametrize(
    "text",
    [
        "HTML에서 <script> 태그는 코드를 담고 <!-- 는 주석을 연다. 둘 다 닫지 않은 글이다.",
        "주소는 /a?b=1&copy=2&lt 이고 R&D 예산이다.",
        "3 <4 이고 a<b>c 가 아니라 <홍길동>이다".replace("<b>", "< b >"),
    ],
)
def test_text_about_markup_is_not_lost(text: str) -> None:
    assert Clean(CleanSettings()).apply([record(text)], 0).kept == [record(text)]


WORDS = st.text("가나다라 abc", min_size=1, max_size=8)
HTML = st.recursive(
    WORDS,
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag} class='x'>{''.join(parts)}</{tag.split()[0]}>",
        st.sampled_from(["p", "div", "b", "span", "ul", "li", "em", "a href=/x"]),
        st.lists(inner, max_size=4),
    ),
    max_leaves=12,
)


@given(HTML)
def test_the_words_are_those_that_lexbor_sees(page: str) -> None:
    seen = HTMLParser(f"<body>{page}").text()
    assert "".join(plain(page).split()) == "".join(seen.split())


@pytest.mark.parametrize(
    "bomb",
    [
        "<table>" + "<tr>" + "<td rowspan=65534 colspan=1000>x</td>" * 1000 + "</tr>" * 5000,
        "<div>" * 100_000 + "x",
        "<table><tr>" + f"<td colspan=9999>{'x' * 999}</td>" * 1000,
        "<table><tr><td rowspan=9999>" + "x" * 99_999 + "<tr><td>y" * 9_999,
        "<!--" * 50_000 + "<script>" * 50_000,
        "&amp;" * 100_000 + "lt;x",
        "<" * 200_000,
    ],
)
def test_hostile_markup_takes_no_longer_than_its_length(bomb: str) -> None:
    started = time.process_time()
    assert len(plain(bomb)) <= 2.2 * len(bomb) + 2_000
    assert time.process_time() - started < 20


def test_characters_and_spacing_are_mended() -> None:
    odd = (
        unicodedata.normalize("NFD", "벽지가")
        + "\u200b \u00a0 들뜸\ufeff\r\n\r\n\r\n\r\n끝\t났다\x07 "
    )
    assert tidy(odd) == "벽지가 들뜸\n\n끝 났다"


def test_lines_of_the_page_go_and_sentences_stay() -> None:
    text = (
        f"{BODY} {BODY[::-1]}\n저작권자 ⓒ 집신문, 무단 전재 및 재배포 금지\n"
        "김철수 기자 cs.kim@example.com\n▶ 더 많은 소식은 채널 구독\n"
        "그 기자는 벽지를 무단 복제한 업체를 취재했다."
    )
    assert cleaned(text).split("\n") == [
        f"{BODY} {BODY[::-1]}",
        "그 기자는 벽지를 무단 복제한 업체를 취재했다.",
    ]
    assert cleaned(text, boilerplate=False) == text


@pytest.mark.parametrize(
    ("made", "settings", "reason"),
    [
        (record("무단 전재 및 재배포 금지\n" * 3 + BODY), {}, "boilerplate"),
        (record(BODY, ("답" * 11,)), {"max_answer": 10}, "length"),
        (record("다시바르고" * 40), {}, "repetition"),
        (record("짧다"), {}, "length"),
        (record(BODY * 10), {"max_document": 50}, "length"),
        (record("★※" * 30 + BODY), {}, "symbols"),
        (record("다시 바르고 하루 동안 말렸다. " * 20), {}, "repetition"),
        (record("The wall was wet and the paper came off."), {"languages": ("ko",)}, "language"),
        (record("ë²½ì§\x80ê°\x80 ë\x93¤ë\x9c¬ë\x8b¤ " * 3), {}, "broken encoding"),
        (record(BODY, ("본드",)), {"answer_in_document": True}, "answer not in document"),
        (record(BODY, ("천장 누수 배관 점검",)), {"min_support": 0.5}, "answer not supported"),
    ],
)  # fmt: skip
def test_a_record_that_breaks_a_rule_goes_with_the_reason_as_it_was(
    made: Record, settings: dict[str, object], reason: str
) -> None:
    batch = Clean(CleanSettings(**settings)).apply([made], 0)  # type: ignore[arg-type]
    (dropped,) = batch.dropped
    assert (dropped.reason, dropped.record) == (reason, made)
    assert dropped.detail
    assert batch.samples[-1].kind == reason


def test_a_good_record_breaks_no_rule_at_any_strictness_that_it_meets() -> None:
    strict = CleanSettings(languages=("ko",), answer_in_document=True, min_support=1.0)
    assert Clean(strict).apply([record()], 0).kept == [record()]


TEXT = st.text(st.characters(codec="utf-8"), max_size=200) | st.lists(
    st.sampled_from(
        ["<p>", "</p>", "<br>", "&amp;", "&lt;", "&#x3c;", "b&gt;", "<NAME>", "\u1100\u1161",
         "\r\n", "\u200b", "저작권자 ⓒ", "금지", "a@b.kr", "\n", " ", "▶", "구독", "<td rowspan=2>",
         "</table>", "무단 전재 금지", "<script>", "</script>", "<!--", "-->", "<table>", "<tr>",
         "<title>", "<", ">", "&", ";", "'", '"', "\u0301", "<td", "/", "답"]
    ),
    max_size=20,
).map("".join)  # fmt: skip


ANYTHING = CleanSettings(
    min_document=0, min_question=0, min_answer=0, max_broken=1, max_symbols=1, max_repetition=1,
    max_boilerplate=1,
)  # fmt: skip


@given(st.data())
def test_cleaning_twice_changes_nothing_and_an_answer_stays_in_its_document(
    data: st.DataObject,
) -> None:
    text = data.draw(TEXT)
    start = data.draw(st.integers(0, len(text)))
    answers = (text[start : data.draw(st.integers(start, len(text)))], data.draw(TEXT))
    step = Clean(ANYTHING)
    once = step.apply([record(text, answers)], 0)
    (kept,) = once.kept
    assert kept.answers[0] in kept.documents[0]
    again = step.apply([kept], 0)
    assert (again.kept, again.counts["changed"]) == ([kept], 0)


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_text_is_too_odd(document: str, answer: str) -> None:
    strict = CleanSettings(languages=("ko",), answer_in_document=True, min_support=0.5)
    batch = Clean(strict).apply([record(document, (answer,))], 0)
    assert len(batch.kept) + len(batch.dropped) == 1


def test_changes_are_counted_and_shown_by_what_they_were() -> None:
    texts = [f"{BODY} <br>", f"{BODY}  ", f"{BODY}\n무단 전재 금지", BODY]
    batch = Clean(CleanSettings()).apply([record(text) for text in texts], 0)
    assert [each.documents for each in batch.kept] == [(BODY,)] * 4
    assert +batch.counts == {
        "changed": 3,
        "markup removed": 1,
        "characters or spacing mended": 1,
        "lines of boilerplate removed": 1,
    }
    assert [(each.kind, each.field) for each in batch.samples] == [
        ("markup removed", "documents[0]"),
        ("characters or spacing mended", "documents[0]"),
        ("lines of boilerplate removed", "documents[0]"),
    ]


def test_a_pattern_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "phrases.toml"
    path.write_text("[phrases]\nopen = {words = ['a'], pattern = '(a'}\n", "utf-8")
    with pytest.raises(InputError, match=r"phrases\.toml: 'phrases\.open\.pattern' is no regular"):
        Clean(CleanSettings(phrases=path))
