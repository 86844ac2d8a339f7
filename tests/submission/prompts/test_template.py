"""Templates that come from anyone: rendered exactly, and never more than that."""

from __future__ import annotations

import pytest

from submission.errors import InputError
from submission.prompts.template import render


def test_values_are_put_in_as_they_are() -> None:
    assert render("질문: {{ question }}\n", question='<b> & "x" {{ y }}') == (
        '질문: <b> & "x" {{ y }}\n'
    )


def test_columns_of_any_name_are_reached() -> None:
    assert render('{{ row["층 정보"] }}', row={"층 정보": "3층"}) == "3층"
    assert render("{% if row['a'] %}x{% endif %}y", row={"a": ""}) == "y"


ESCAPES = [
    "{{ ''.__class__.__mro__ }}",
    "{{ row.__class__ }}",
    "{{ ''['__class__'] }}",
    "{{ '' | attr('__class__') }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ self.__init__.__globals__ }}",
    "{{ '{0.__class__}'.format(row) }}",
    "{{ row.clear() }}",
    "{{ row.update(a=1) }}",
]


@pytest.mark.parametrize("template", ESCAPES)
def test_the_sandbox_refuses_what_reaches_out(template: str) -> None:
    row = {"a": "가"}
    with pytest.raises(InputError, match=r"unsafe|not safely callable|undefined|no attribute"):
        render(template, row=row)
    assert row == {"a": "가"}


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{ question", "line 1: unexpected end of template"),
        ("a\n{% if %}", "line 2"),
        ("{{ questoin }}", "'questoin' is undefined"),
        ("{{ row.b }}", "has no attribute 'b'"),
        ("{{ question | shout }}", "No filter named 'shout'"),
        ("{{ question + 1 }}", "can only concatenate str"),
        ("{{ 1 / (question | length - 1) }}", "division by zero"),
        ("{% include 'x' %}", "no loader"),
        ("{{ 'a' * 10**15 }}", "MemoryError"),
        ("{{ row.__class__ }}", "unsafe"),
        ("{{ range(1000000) | list }}", "Range too big"),
    ],
)
def test_what_fails_says_why_and_where(template: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        render(template, question="가", row={"a": "나"})
    assert message in str(caught.value)
    assert repr(template[:80]) in str(caught.value)
    assert str(caught.value).endswith(".")
    assert not str(caught.value).endswith("..")
