"""Terms of the formula name a member that answers have."""

from __future__ import annotations

from pathlib import Path

import pytest

from submission.errors import InputError
from tests.submission.contests import EXAM, MOOD, SEARCH, profile_of


@pytest.mark.parametrize(
    ("given", "term", "problem"),
    [
        (SEARCH, '{ metric = "map:k=3", of = "topk2" }', "use one of query, topk, answer"),
        (SEARCH, '{ metric = "map:k=3" }', "does not say which member"),
        (SEARCH, '{ metric = "map:k=3", of = "topk" }, { metric = "em" }', "em does not say"),
        (SEARCH, '{ metric = "auc" }', "auc does not say"),
        (EXAM, '{ metric = "map:k=3", of = "prediction" }', "an answer has no members"),
        (MOOD, '{ metric = "em" }', "em does not say"),
        (MOOD, '{ metric = "logloss", of = "중립" }', "use one of 부정, 긍정"),
    ],
)
def test_a_term_scores_what_answers_have(
    tmp_path: Path, given: str, term: str, problem: str
) -> None:
    start = given.index("terms = [")
    with pytest.raises(InputError, match=problem):
        profile_of(tmp_path, f"{given[:start]}terms = [{term}]\n")


def test_terms_of_groups_and_metrics_beside_the_number_name_a_member_too(tmp_path: Path) -> None:
    start = SEARCH.index("terms = [")
    groups = '[[score.groups]]\nvalue = "a"\nterms = [{ metric = "em", of = "topic" }]\n'
    with pytest.raises(InputError, match="the term em has of = 'topic'"):
        profile_of(tmp_path, f'{SEARCH[:start]}group_by = "kind"\n{groups}')
    with pytest.raises(InputError, match="f1 does not say"):
        profile_of(tmp_path, f'{SEARCH}also = ["f1"]\n')


def test_members_of_a_json_answer_are_free(tmp_path: Path) -> None:
    declared = EXAM.replace('kind = "list"', 'kind = "json"').replace('separator = " "\n', "")
    declared = declared.replace("length = 3\n", "")
    declared = "\n".join(line for line in declared.splitlines() if not line.startswith("labels"))
    found = profile_of(tmp_path, declared.replace('"map:k=3"', '"em", of = "any"'))
    assert found.score.terms[0].of == "any"
