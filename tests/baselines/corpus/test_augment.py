"""Changed copies of records: each beside its parent, the same for any number of workers."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.corpus import folder as folders
from baselines.corpus.augment import grammar, noise
from baselines.corpus.augment.filters import Limits
from baselines.corpus.augment.likelihood import AnswerLoss
from baselines.corpus.augment.settings import Augmenting
from baselines.corpus.augment.step import Augment
from baselines.corpus.augment.synonyms import Synonyms, fitting, read_groups
from baselines.corpus.folder import Corpus
from evaluators.encoders import OfflineEncoder
from submission.errors import InputError, Stopped
from tests.baselines.corpus.commanded import contents, kill_after
from tests.baselines.corpus.made import corpus_of, question, records, run
from tests.models import gpt2
from tests.submission.engines.openai.openai_server import Fault, openai_server, refused
from tests.submission.holdout.test_holdout import seeded

LOCAL = ("typo", "spacing", "synonym", "particle", "ending")
SYLLABLES = st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1)


@given(SYLLABLES)
def test_syllables_come_apart_and_together_again(text: str) -> None:
    assert "".join(noise.together(*noise.apart(each)) for each in text) == text


@given(st.text(st.sampled_from("가각값 뷁a1.,?<>[]\n"), max_size=30), st.integers(0, 50))
@settings(max_examples=200)
def test_spacing_changes_no_letter_and_typos_no_sign(text: str, seed: int) -> None:
    spaced = noise.spacing(text, seeded(seed), 0.3)
    assert re.sub(r"\s", "", spaced) == re.sub(r"\s", "", text)
    typed = noise.typos(text, seeded(seed), 0.3)
    assert re.sub("[가-힣]", "", typed) == re.sub("[가-힣]", "", text)
    assert len(typed) == len(text)


def test_placeholders_are_left_as_they_are() -> None:
    text = "<이름>님은 [전화번호]로"
    for seed in range(20):
        rng = seeded(seed)
        assert {"<이름>", "[전화번호]"} <= set(
            re.findall(r"<.*?>|\[.*?\]", noise.typos(text, rng, 1))
        )
        assert "<이름>" in noise.spacing(text, rng, 1)


@pytest.mark.parametrize(
    ("word", "particle", "fits"),
    [("방안", "를", "을"), ("이유", "은", "는"), ("물", "으로", "로"), ("집", "와", "과"),
     ("벽", "에서", "에서"), ("PVC", "가", "가")],
)  # fmt: skip
def test_a_particle_fits_the_new_word(word: str, particle: str, fits: str) -> None:
    assert fitting(word, particle) == fits


def test_a_synonym_stands_only_for_a_whole_word(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("# 주석\n방법, 길\n", encoding="utf-8")
    words = Synonyms(read_groups(path))
    assert words.replace("방법을 아나요? 방법론은 방법이다.", seeded(1), 1) == (
        "길을 아나요? 방법론은 방법이다."
    )
    assert words.replace("길로 가는 길", seeded(1), 1) == "방법으로 가는 방법"
    path.write_text("방법, 길\n혼자\n", encoding="utf-8")
    with pytest.raises(InputError, match="line 2"):
        read_groups(path)


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("벽이 젖었습니다.", "벽이 젖었어요."),
        ("자재입니다. 벽입니다.", "자재예요. 벽이에요."),
        ("어떻게 되나요?", "어떻게 됩니까?"),
        ("무엇인가요?", "무엇입니까?"),
        ("무엇이 필요합니까? 어디로 갑니까?", "무엇이 필요한가요? 어디로 가나요?"),
        ("까닭을 알려주세요.", "까닭을 알려주십시오."),
        ("말려 주십시오.", "말려 주세요."),
        ("벽지가 왜 울어", "벽지가 왜 울어"),
    ],
)
def test_endings_keep_the_sentence(text: str, new: str) -> None:
    assert grammar.endings(text, seeded(0), 1.0) == new


def test_particles_keep_the_words_and_long_texts_are_left_alone() -> None:
    assert grammar.particles("친구에게 갔다.", seeded(0), 1.0) == "친구한테 갔다."
    assert grammar.particles("물을 뿌린다.", seeded(0), 1.0) == "물 뿌린다."
    assert {grammar.particles("벽지와 벽과 천장", seeded(n), 1.0) for n in range(20)} >= {
        "벽지랑 벽이랑 천장", "벽지하고 벽하고 천장",
    }  # fmt: skip
    long = "물을 뿌린다. " * 400
    assert grammar.particles(long, seeded(0), 1.0) == long


LIMITS = Limits(0.5, 2.0, 0.8, 0.8)


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        ("3번 벽지가 왜 젖었죠?", None),
        ("3번 벽", "length"),
        ("4번 벽지가 왜 젖었나요?", "other numbers"),
        ("3 why is the wall wet?", "changed too much"),
    ],
)
def test_texts_that_say_something_else_are_left_out(after: str, reason: str | None) -> None:
    verdict = LIMITS.judge("3번 벽지가 왜 젖었나요?", after)
    assert (verdict.reason if verdict else None) == reason


def test_another_language_and_another_meaning_are_left_out() -> None:
    loose = Limits(0.5, 2.0, 1.0, 0.5)
    verdict = loose.judge("벽지가 왜 젖었나요?", "why is it wet?")
    assert verdict is not None
    assert (verdict.reason, verdict.detail) == ("other language", "ko became en")
    before = ["벽지가 왜 젖었나요?"] * 2
    same, other = loose.judge_meaning(
        OfflineEncoder(), before, ["벽지가 왜 젖었죠?", "고양이는 귀엽습니다."]
    )
    assert same is None
    assert other is not None
    assert other.reason == "meaning"


def test_the_answer_has_to_stay_as_likely(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = gpt2(tmp_path / "tiny")
    text, answer = "벽지가 왜 젖었나요?", "습기 때문입니다."
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = tokenizer(f"{text}\n{answer}", return_tensors="pt", add_special_tokens=False).input_ids
    labels = ids.clone()
    labels[0, : -len(tokenizer(answer, add_special_tokens=False).input_ids)] = -100
    # transformers' own loss of the labels.
    loss = AutoModelForCausalLM.from_pretrained(folder)(ids, labels=labels).loss.item()
    model = AnswerLoss(str(folder))
    assert model.loss(text, answer) == pytest.approx(loss, rel=1e-4)
    assert model.rise(text, text, answer) == 0
    assert model.loss(text * 10_000, answer) is None
    corpus = corpus_of(tmp_path / "in.jsonl", [question(n) for n in range(8)])
    given: dict[str, Any] = {"kinds": ("typo",), "likelihood": str(folder)}
    outcome = run(Augment, corpus, tmp_path / "out", most_loss=0.0, **given)
    before = {each.id: each.question for each in corpus}
    kept = [each for each in records(outcome) if each.parent]
    rises = [model.rise(before[each.parent], each.question, each.answers[0]) for each in kept]
    assert all(rise is not None and rise <= 0 for rise in rises)
    assert outcome.manifest.dropped == {"typo: answer less likely": 8 - len(kept)}
    assert 0 < len(kept) < 8


def test_every_new_record_names_its_parent(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "in.jsonl", [question(n) for n in range(20)])
    outcome = run(Augment, corpus, tmp_path / "out", kinds=LOCAL, copies=2)
    made = records(outcome)
    originals = {each.id: each for each in corpus}
    kinds = Counter[str]()
    assert [each for each in made if not each.parent] == list(originals.values())
    for each in made:
        if each.parent:
            kind = re.fullmatch(rf"{each.parent}~([a-z]+)-[12]", each.id)
            assert kind is not None
            kinds[kind[1]] += 1
            parent = originals[each.parent]
            assert each.question != parent.question
            assert (each.answers, each.licence, each.source) == (
                parent.answers, parent.licence, parent.source,
            )  # fmt: skip
    assert kinds["typo"] == 40
    assert set(kinds) == set(LOCAL)
    assert {f"{kind} added": count for kind, count in kinds.items()}.items() <= (
        outcome.manifest.counts.items()
    )


def test_the_fields_that_are_named_change_and_no_other(tmp_path: Path) -> None:
    texts = ("벽지 뒤에 습기가 찬다.", "환기가 이를 막는다.")
    corpus = corpus_of(
        tmp_path / "in.jsonl", [question(1, documents=texts, summary="습기 탓이다.")]
    )
    given: dict[str, Any] = {"kinds": ("typo",), "fields": ("documents", "summary")}
    _, new = records(run(Augment, corpus, tmp_path / "out", **given))
    (old,) = corpus
    assert all(one != other for one, other in zip(new.documents, texts, strict=True))
    assert new.summary != old.summary
    assert (new.question, new.answers) == (old.question, old.answers)


def test_two_workers_and_other_neighbours_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "CHUNK", 3_000)
    corpus = corpus_of(tmp_path / "in.jsonl", [question(n) for n in range(30)])
    given: dict[str, Any] = {"kinds": LOCAL, "share": 0.5, "seed": 3}
    one = run(Augment, corpus, tmp_path / "one", 1, **given)
    two = run(Augment, corpus, tmp_path / "two", 2, **given)
    assert len(one.manifest.parts) > 3
    assert one.manifest == two.manifest
    alone = corpus_of(tmp_path / "alone.jsonl", [question(n) for n in range(25, 30)])
    last = records(run(Augment, alone, tmp_path / "last", 1, **given))
    assert last == records(one)[-len(last) :]
    assert len({each.parent for each in records(one)} - {""}) < 25


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"kinds": ("typos",)}, "'typos' is no kind of change"),
        ({"kinds": ("paraphrase",)}, "needs a model"),
        ({"recipe": "embedded"}, "is for paraphrase"),
        ({"fields": ("title",)}, "'title' is no text"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Augmenting.model_validate(given)


RECIPE = """
name = "served"
[model]
name = "served"
[engine]
name = "openai"
[engine.openai]
base_url = "{url}"
timeout = 5.0
deadline = 5.0
[prompt]
chat = true
template = "{{{{ question }}}}"
"""


ONE_BY_ONE = "engine.openai.connections=1"


def rewriting(folder: Path, url: str) -> dict[str, Any]:
    """Settings by which the server's "답: PROMPT" is the new text."""
    (folder / "recipe.toml").write_text(RECIPE.format(url=url), encoding="utf-8")
    (folder / "paraphrase.j2").write_text("{{ text }}", encoding="utf-8")
    (folder / "translate.j2").write_text("{{ language }}: {{ text }}", encoding="utf-8")
    return {
        "recipe": str(folder / "recipe.toml"),
        "paraphrase_prompt": folder / "paraphrase.j2",
        "translate_prompt": folder / "translate.j2",
    }


@pytest.fixture
def five(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Corpus:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test")
    return corpus_of(tmp_path / "in.jsonl", [question(n) for n in range(5)])


def test_a_model_writes_paraphrases_and_translations_there_and_back(
    five: Corpus, tmp_path: Path
) -> None:
    with openai_server(lambda _prompt, _before: Fault()) as log:
        given = rewriting(tmp_path, log.url)
        kinds = ("paraphrase", "back-translation")
        outcome = run(Augment, five, tmp_path / "out", kinds=kinds, **given)
    by_id = {each.id: each for each in records(outcome)}
    asked = by_id["made:1"].question
    assert by_id["made:1~paraphrase-1"].question == f"답: {asked}"
    assert by_id["made:1~back-translation-1"].question == f"답: 한국어: 답: 영어: {asked}"
    assert outcome.manifest.counts == {"paraphrase added": 5, "back-translation added": 5}


def test_what_was_answered_is_not_asked_again(five: Corpus, tmp_path: Path) -> None:
    broken = True

    def plan(prompt: str, _: int) -> Fault:
        return refused(400) if broken and "3번" in prompt else Fault()

    with openai_server(plan) as log:
        given = {"kinds": ("paraphrase",), **rewriting(tmp_path, log.url)}
        with pytest.raises(Stopped, match="1 of 5 requests failed"):
            run(Augment, five, tmp_path / "out", **given)
        assert log.charges.works == 4
        broken = False
        outcome = run(Augment, five, tmp_path / "out", **given)
        assert log.charges.works == 5
        replies = tmp_path / "out.replies.db"
        again = run(Augment, five, tmp_path / "again", cache=replies, **given)
        assert log.charges.works == 5, "another output takes the replies from the ledger"
        whole = run(Augment, five, tmp_path / "whole", **given)
        assert log.charges.works == 10
    assert outcome.manifest == whole.manifest == again.manifest


def test_a_step_that_is_killed_asks_nothing_twice(five: Corpus, tmp_path: Path) -> None:
    kinds = ("paraphrase", "back-translation")
    with openai_server(lambda _prompt, _before: Fault(), seconds=0.05) as log:
        given = {"kinds": kinds, "change": (ONE_BY_ONE,), **rewriting(tmp_path, log.url)}
        whole = run(Augment, five, tmp_path / "whole", **given)
        assert log.charges.works == 15
        log.forget()
        kill_after(
            7, log, "augment", five.path, "--kinds", ",".join(kinds),
            "--recipe", given["recipe"], "--paraphrase-prompt", given["paraphrase_prompt"],
            "--translate-prompt", given["translate_prompt"],
            "--change", ONE_BY_ONE, "--out", tmp_path / "out",
        )  # fmt: skip
        assert 7 <= log.charges.works < 15
        outcome = run(Augment, five, tmp_path / "out", **given)
        assert log.charges.works == 15
        run(Augment, five, tmp_path / "out", **given)
        assert log.charges.works == 15
    assert contents(outcome.out) == contents(whole.out)


def test_a_budget_of_tokens_ends_rewriting_and_a_larger_one_goes_on(
    five: Corpus, tmp_path: Path
) -> None:
    with openai_server(lambda _prompt, _before: Fault()) as log:
        given = {
            "kinds": ("paraphrase",),
            "change": ("sampling.max_tokens=50",),
            **rewriting(tmp_path, log.url),
        }
        with pytest.raises(Stopped, match="budget of 300 tokens"):
            run(Augment, five, tmp_path / "out", token_budget=300, **given)
        paid = log.charges.works
        assert 0 < paid < 5
        outcome = run(Augment, five, tmp_path / "out", token_budget=100_000, **given)
        assert log.charges.works == 5
    assert outcome.manifest.counts["paraphrase added"] == 5


def test_a_prompt_that_hides_the_text_is_refused(five: Corpus, tmp_path: Path) -> None:
    given = {"kinds": ("paraphrase",), **rewriting(tmp_path, "http://127.0.0.1:9/v1")}
    given["paraphrase_prompt"].write_text("{{ texts }}", encoding="utf-8")
    with pytest.raises(InputError, match=r"paraphrase\.j2: a prompt shows \{\{ text \}\}"):
        run(Augment, five, tmp_path / "out", **given)
    assert not (tmp_path / "out").exists()
