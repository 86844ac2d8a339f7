from __future__ import annotations

import warnings

import pytest
from bs4 import BeautifulSoup, MarkupResemblesLocatorWarning
from hypothesis import example, given
from hypothesis import strategies as st

from evaluators.text.html_text import html_text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        # What BeautifulSoup 4's get_text gives, which KorQuAD 2's scorer calls.
        ("<b>서울</b>특별시", "서울특별시"),
        ("a < b", "a < b"),
        ("<킬빌>", "<킬빌>"),
        ("<LG>전자", "전자"),
        ("<p>가</p><script>x()</script>나", "가나"),
        ("<style>p{}</style>가", "가"),
        ("<template>가</template>나", "나"),
        ("가&amp;나&nbsp;다", "가&나\xa0다"),
        ("&lt;b&gt;가", "<b>가"),
        ("<!-- 주석 -->가", "가"),
        ("<br/>가<br>나", "가나"),
        ("<table><tr><td>1</td><td>2</td></tr></table>", "12"),
        ("<a href='x>y'>가</a>", "가"),
        ("3<5>2", "3<5>2"),
        ("가</b>", "가"),
        ("가<", "가<"),
        ("<ruby>漢字<rp>(</rp><rt>한자</rt><rp>)</rp></ruby>어", "漢字어"),
        ("<![CDATA[q]]>가", "가"),
        ("&copy 2026, &copy2", "© 2026, ©2"),
        ("<![invalid[x]]>가", "가"),
        ("<!DOCTYPE html>가", "가"),
        ("", ""),
    ],
)
def test_what_is_left(source: str, text: str) -> None:
    assert html_text(source) == text


@given(st.text(alphabet="가<>/&;bp!-\"' "))
def test_broken_markup_is_never_an_error(source: str) -> None:
    assert len(html_text(source)) <= len(source)


@given(st.text(alphabet=st.characters(exclude_characters="<&")))
def test_text_without_markup_stays_as_it_is(text: str) -> None:
    assert html_text(text) == text


PIECES = [
    "<",
    "</",
    ">",
    "<!",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<![invalid[",
    "?",
    "&amp;",
    "&copy",
    "&#13;",
    "&#xD800;",
    "&lt",
    "&",
    "=",
    "'",
    '"',
    "/",
    "가",
    "나다",
    "漢",
    "b",
    "<b>",
    "</b>",
    "<p>",
    "<br/>",
    "<table>",
    "</table>",
    "<td>",
    "<tr>",
    "<ruby>",
    "<rt>",
    "</rt>",
    "<rp>",
    "<script>",
    "</script>",
    "<style>",
    "<template>",
    "</template>",
    "<textarea>",
    "<title>",
    "<select>",
    "<li>",
    "<pre>",
    "<svg>",
    "<math>",
    "<body>",
    "<head>",
    "</html>",
    "<frameset>",
    "<킬빌>",
    "<a|href='x>y'>",
    "\ud800",
]


@example(["<", "b"])
@given(st.lists(st.sampled_from([*(each.replace("|", " ") for each in PIECES), " ", "\n"])))
def test_the_text_is_what_beautiful_soup_finds(pieces: list[str]) -> None:
    source = "<i>" + "".join(pieces)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MarkupResemblesLocatorWarning)
        soup = BeautifulSoup(source.replace("\ud800", "\ufffd"), "lxml")
    assert "".join(html_text(source).split()) == "".join(soup.get_text().split())


@pytest.mark.parametrize(
    "piece", ["<a ", "<!--", "<b>", "<![", "<p><b>", "<rt>", "<table>", "<a href='", "&", "&#", "<"]
)
@pytest.mark.timeout(20)  # quadratic time would be minutes
def test_long_broken_markup_takes_no_longer_than_its_length(piece: str) -> None:
    html_text("가<b>" + piece * 300_000)
