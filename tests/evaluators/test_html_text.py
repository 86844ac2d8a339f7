from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.html_text import html_text


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
