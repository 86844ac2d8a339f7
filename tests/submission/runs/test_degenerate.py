from collections.abc import Sequence
from typing import Any

import pytest

from submission.engines.base import Finish
from submission.recipes import Degenerate, DegenerateRules, Recipe
from submission.recipes.schema import Extraction
from submission.runs.degenerate import Given, Rules, copy_key, rules_digest

RECIPE = Recipe(name="test")
LONG = "벽지를 새로 바르기 전에 벽면의 곰팡이를 닦고 충분히 말려야 합니다."
CHINESE = "墙纸应该先晾干然后再贴上去，否则很容易发霉，所以请注意通风。"
ENGLISH = "The wall has to be dry before any new paper is glued."
OPTIONS = "다음 중 옳은 것은?\n1. 벽면을 충분히 말리고 초배지를 바른 다음 도배한다\n2. 그냥 바른다"


def degenerate_kinds(answers: Sequence[Given], recipe: Recipe) -> list[frozenset[Degenerate]]:
    rules = Rules(recipe)
    copied = rules.copies([copy_key(each.text) for each in answers], lambda: answers)
    return [
        rules.kinds(each) | ({Degenerate.DUPLICATED} if place in copied else frozenset())
        for place, each in enumerate(answers)
    ]


def of(
    question: str, text: str, finish: Finish = Finish.STOP, recipe: Recipe = RECIPE
) -> frozenset[Degenerate]:
    return degenerate_kinds([Given(question, text, finish)], recipe)[0]


def test_a_good_answer_is_not_degenerate() -> None:
    assert of("벽지는 어떻게 바르나요?", LONG) == frozenset()


@pytest.mark.parametrize(
    ("question", "text", "finish", "kind"),
    [
        ("질문?", " ", Finish.STOP, Degenerate.EMPTY),
        ("질문?", LONG, Finish.LENGTH, Degenerate.CUT_OFF),
        (
            "벽지는 어떻게 바르나요?",
            f"벽지는 어떻게  바르나요? {LONG}",
            Finish.STOP,
            Degenerate.ECHOED,
        ),
        ("질문?", "환기를 합니다. " * 8, Finish.STOP, Degenerate.LOOPING),
        ("벽지는?", CHINESE, Finish.STOP, Degenerate.WRONG_LANGUAGE),
        ("벽지는?", ENGLISH, Finish.STOP, Degenerate.WRONG_LANGUAGE),
    ],
)
def test_each_kind_is_found(question: str, text: str, finish: Finish, kind: Degenerate) -> None:
    assert of(question, text, finish) == {kind}


def test_a_prompt_that_did_not_fit_has_no_answer_either() -> None:
    assert of("질문?", "", Finish.PROMPT_TOO_LONG) == {Degenerate.TOO_LONG, Degenerate.EMPTY}


def test_unfinished_thinking_has_no_other_reason() -> None:
    recipe = Recipe(name="test", extraction=Extraction(after="정답:"))
    thinking = Given.of("질문?", "", Finish.THINKING, recipe)
    assert degenerate_kinds([thinking], recipe) == [{Degenerate.UNFINISHED_THINKING}]


def test_an_answer_whose_mark_never_comes_is_none() -> None:
    recipe = Recipe(name="test", extraction=Extraction(after="</think>"))
    thinking = Given.of("질문?", f"생각해 보면 {LONG}", Finish.STOP, recipe)
    assert thinking.text == ""
    assert degenerate_kinds([thinking], recipe) == [{Degenerate.UNMARKED, Degenerate.EMPTY}]
    answered = Given.of("질문?", f"생각</think>{LONG}", Finish.STOP, recipe)
    assert degenerate_kinds([answered], recipe) == [frozenset()]


SCHEMA = {"type": "object", "properties": {"답": {"type": "string"}}, "required": ["답"]}


@pytest.mark.parametrize(
    ("tables", "completion", "finish", "kinds"),
    [
        ({"extraction": {"json": "답"}}, f'{{"답": "{LONG}"}}', Finish.STOP, set()),
        ({"extraction": {"json": "답"}}, f'{{"말": "{LONG}"}}', Finish.STOP,
         {"malformed", "empty"}),
        ({"extraction": {"json": "답"}}, '{"답": ""}', Finish.STOP, {"empty"}),
        ({"extraction": {"json": "답"}}, '{"답": "어', Finish.LENGTH,
         {"malformed", "empty", "cut_off"}),
        ({"sampling": {"structure": {"regex": ".*다\\."}}}, LONG, Finish.STOP, set()),
        ({"sampling": {"structure": {"regex": ".*다\\."}}}, LONG[:-1], Finish.LENGTH,
         {"malformed", "cut_off"}),
        ({"sampling": {"structure": {"choice": ["예", "아니요"]}}}, "예.", Finish.STOP,
         {"malformed"}),
        ({"sampling": {"structure": {"json": SCHEMA}}}, f'{{"말": "{LONG}"}}', Finish.STOP,
         {"malformed"}),
        ({"extraction": {"json": "답"}, "degenerate": {"ignore": ["malformed"]}}, "말", Finish.STOP,
         {"empty"}),
    ],
)  # fmt: skip
def test_what_does_not_have_its_structure_is_malformed(
    tables: dict, completion: str, finish: Finish, kinds: set[str]
) -> None:
    recipe = Recipe.model_validate({"name": "test", **tables})
    given = Given.of("질문?", completion, finish, recipe)
    assert degenerate_kinds([given], recipe) == [kinds]


def test_other_structures_are_other_rules() -> None:
    recipes = [
        Recipe.model_validate({"name": "test", "sampling": {"structure": each}})
        for each in (None, {"regex": "가"}, {"regex": "나"})
    ]
    assert len({rules_digest(each) for each in recipes}) == 3


def test_a_line_of_the_prompt_in_the_answer_is_an_echo() -> None:
    prompt = {"template": "주어진 질문에 대한 답을 출력, 질문: {{ question }},답: "}
    recipe = Recipe.model_validate({"name": "x", "prompt": prompt})
    assert of("타일은?", f"{LONG} 주어진 질문에 대한 답을 출력, 질문: 벽지는?", recipe=recipe) == {
        Degenerate.ECHOED
    }
    assert of("타일은?", f"{LONG} 답: 이상입니다.", recipe=recipe) == frozenset()


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("이 기관은?", "National Aeronautics and Space Administration"),
        ("무슨 규격?", "A4, B5, LH, PVC"),
        ("What is it?", "It is a wall that has to be dry before papering begins."),
        ("다음을 번역하세요: 벽지", ENGLISH),
        ("다음을 영어로 옮기세요: 벽", ENGLISH),
        ("123?", ENGLISH),
    ],
)
def test_names_and_what_is_asked_for_are_no_wrong_language(question: str, text: str) -> None:
    assert of(question, text) == frozenset()


def test_the_language_asked_for_is_the_right_one() -> None:
    assert of("Translate into Korean: a wall", ENGLISH) == {Degenerate.WRONG_LANGUAGE}
    assert of("영어로 쓰세요: 벽", LONG) == {Degenerate.WRONG_LANGUAGE}
    declared = RECIPE.model_copy(update={"degenerate": DegenerateRules(language="en")})
    assert of("벽지는?", ENGLISH, recipe=declared) == frozenset()
    whatever = RECIPE.model_copy(update={"degenerate": DegenerateRules(language="any")})
    assert of("벽지는?", ENGLISH, recipe=whatever) == frozenset()


def copies(text: str, questions: int, others: int = 0, recipe: Recipe = RECIPE) -> int:
    """How many of the same answers to different questions, among other rows, are marked."""
    given = [Given(f"질문 {n}?", text, Finish.STOP) for n in range(questions)]
    given += [Given(f"또 다른 질문 {n}?", f"{LONG} {n}", Finish.STOP) for n in range(others)]
    return sum(Degenerate.DUPLICATED in found for found in degenerate_kinds(given, recipe))


def test_one_answer_to_many_questions_is_a_duplicate() -> None:
    assert copies(LONG, 4) == 0
    assert copies(LONG, 5) == 5
    # 2 % of 500 questions are 10.
    assert copies(LONG, 9, 491) == 0
    assert copies(LONG, 10, 490) == 10


@pytest.mark.parametrize("text", ["3", "B", "정답: ③", "서울특별시", "네, 맞습니다."])
def test_short_answers_may_be_the_same(text: str) -> None:
    assert copies(text, 50) == 0


def test_the_same_question_may_have_the_same_answer() -> None:
    given = [Given("벽지는?", LONG, Finish.STOP)] * 50
    assert set(degenerate_kinds(given, RECIPE)) == {frozenset()}


def test_an_option_of_the_question_is_no_copy() -> None:
    text = "1. 벽면을 충분히 말리고 초배지를 바른 다음 도배한다"
    given = [Given(f"{n}번 문항. {OPTIONS}", text, Finish.STOP) for n in range(50)]
    assert set(degenerate_kinds(given, RECIPE)) == {frozenset()}


@pytest.mark.parametrize(
    ("choice", "scored", "copies"),
    [
        ({}, True, False),
        ({"others": "generate"}, True, False),
        ({"method": "constrained", "options": [LONG, "다른 답"]}, False, False),
        ({"method": "constrained", "others": "generate"}, False, True),
        (None, False, True),
    ],
)
def test_what_was_chosen_is_no_copy(
    choice: dict[str, Any] | None, scored: bool, copies: bool
) -> None:
    recipe = Recipe.model_validate({"name": "test", "model": {"name": "m"}, "choice": choice})
    given = [Given.of(f"질문 {n}?", LONG, Finish.STOP, recipe, scored=scored) for n in range(50)]
    assert set(degenerate_kinds(given, recipe)) == {
        frozenset({Degenerate.DUPLICATED} if copies else ())
    }


def test_what_the_recipe_ignores_does_not_count() -> None:
    ignore = DegenerateRules(ignore=[Degenerate.DUPLICATED, Degenerate.LOOPING, Degenerate.CUT_OFF])
    recipe = RECIPE.model_copy(update={"degenerate": ignore})
    assert copies(LONG, 50, recipe=recipe) == 0
    assert of("질문?", "환기를 합니다. " * 8, Finish.LENGTH, recipe) == frozenset()
