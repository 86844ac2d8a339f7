"""Every shipped recipe with a model: what it is trained on is what it is asked, byte for byte.

Both sides go the way of the commands: ``train`` makes its samples from the training rows, and
``generate`` asks the engine for a question's ids. The tokenizers write chats as the published
models' do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from baselines.training.base import load
from baselines.training.samples import Sample, make_samples
from submission.adapters.load import load_tokenizer
from submission.engines.base import EngineContext
from submission.engines.checkpoint import Checkpoint
from submission.files.model_files import ModelFiles
from submission.prompts.encode import PromptEncoder, stop_tokens
from submission.recipes import Recipe, find_recipe, list_recipes, model_overrides
from submission.records.rows import Question, TrainingRow
from tests.baselines.published import FAMILIES, save_tokenizer

# A server's model has no tokenizer here.
WITH_MODEL = [
    entry.name for entry in list_recipes() if entry.model is not None and entry.engine != "openai"
]
TRAINED = [entry.name for entry in list_recipes() if entry.training]
TEXTS = [
    ("벽지에 곰팡이가 생긴 까닭은 무엇인가요?", "", "습기 때문입니다."),
    (
        "  “따옴표”와\t탭, <end_of_turn> 같은 말?\n둘째 줄 ",
        "[1] 첫 글.\n\n[2] 둘째 글. ",
        "3천200점",
    ),
    ("{{ question }} {% raw %} 日本語 Ünïcode 🏠", "문맥 &amp; <b>", "예"),
]
LONG = 10_000


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("published")
    return {
        name: save_tokenizer(family, root / name.replace("/", "--"))
        for name, family in FAMILIES.items()
    }


def local(name: str, folders: dict[str, Path]) -> tuple[Recipe, Any]:
    """The recipe as ``--model FOLDER`` makes it, and the folder's tokenizer."""
    declared = find_recipe(name).model
    assert declared is not None
    folder = folders[declared.name]
    recipe = find_recipe(name, model_overrides(str(folder), None, None, None))
    return recipe, load_tokenizer(folder)


def trained(recipe: Recipe, tokenizer: Any, question: str, context: str, answer: str) -> Sample:
    """The sample that ``train`` learns from."""
    row = TrainingRow("1", (question,), (answer,), "", context, {"id": "1"})
    (sample,) = make_samples([row], PromptEncoder(tokenizer, recipe.prompt), LONG).samples
    return sample


def asked(recipe: Recipe, question: str, context: str) -> list[int]:
    """The ids that ``generate`` gives the engine."""
    checkpoint = Checkpoint(EngineContext(recipe))
    return [*checkpoint.prompt_ids(Question("1", question, context, {"id": "1"}), question)]


@pytest.mark.parametrize("name", WITH_MODEL)
@pytest.mark.parametrize(("question", "context", "answer"), TEXTS)
def test_the_trained_and_the_inferred_template_are_byte_equal(
    name: str, question: str, context: str, answer: str, folders: dict[str, Path]
) -> None:
    recipe, tokenizer = local(name, folders)
    sample = trained(recipe, tokenizer, question, context, answer)
    inferred = asked(recipe, question, context)
    assert sample.ids[: sample.prompt_length].tolist() == inferred
    text = tokenizer.decode(inferred)
    assert text.encode().endswith(PromptEncoder(tokenizer, recipe.prompt).text(
        question, context, {"id": "1"}
    ).encode())  # fmt: skip
    assert question.strip() in text


@pytest.mark.parametrize("name", WITH_MODEL)
def test_a_text_begins_once(name: str, folders: dict[str, Path]) -> None:
    recipe, tokenizer = local(name, folders)
    ids = asked(recipe, *TEXTS[0][:2])
    begins = tokenizer.bos_token_id
    assert ids.count(begins) == (begins is not None)
    assert begins in (None, ids[0])


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize(("question", "context", "answer"), TEXTS)
def test_what_is_learned_is_the_answer_and_an_end_at_which_generation_stops(
    name: str, question: str, context: str, answer: str, folders: dict[str, Path]
) -> None:
    recipe, tokenizer = local(name, folders)
    sample = trained(recipe, tokenizer, question, context, answer)
    learned = sample.labels[sample.prompt_length :].tolist()
    ends, _ = stop_tokens(tokenizer, recipe.sampling.stop)
    special = {number for number, token in tokenizer.added_tokens_decoder.items() if token.special}
    place = next(place for place, token in enumerate(learned) if token in special)
    assert learned[place] in {*ends, tokenizer.eos_token_id}
    assert tokenizer.decode(learned[:place]) == answer
    assert (sample.labels[: sample.prompt_length] < 0).all()


def test_the_study_learns_the_end_of_gemmas_turn(tmp_path: Path) -> None:
    from transformers import GemmaConfig, GemmaForCausalLM

    folder = save_tokenizer(FAMILIES["google/gemma-2b"], tmp_path)
    size = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "head_dim": 16}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 1}
    GemmaForCausalLM(GemmaConfig(vocab_size=512, **size, **heads)).save_pretrained(folder)
    recipe = find_recipe("gemma-study:qa-natural-fft")
    assert recipe.model is not None
    assert recipe.training is not None
    base = load(ModelFiles("tiny", folder), recipe.model, recipe.training)
    sample = trained(recipe, base.tokenizer, *TEXTS[0])
    assert base.tokenizer.decode(sample.response) == f"{TEXTS[0][2]}<end_of_turn>"


@pytest.mark.parametrize("name", WITH_MODEL)
def test_stops_that_look_like_special_tokens_are_those_of_the_model(
    name: str, folders: dict[str, Path]
) -> None:
    recipe, tokenizer = local(name, folders)
    _, texts = stop_tokens(tokenizer, recipe.sampling.stop)
    assert [text for text in texts if text.startswith("<")] == []


def test_gemmas_turns_written_out_are_what_its_chat_template_writes(
    folders: dict[str, Path],
) -> None:
    chat = load_tokenizer(folders["google/gemma-2-2b-it"])
    recipe, tokenizer = local("gemma-study:koen-lora", folders)
    prompt = tokenizer.decode(asked(recipe, "안녕하세요.", ""))
    turn = [{"role": "user", "content": "다음 글을 영어로 번역해주세요:\n\n안녕하세요."}]
    assert prompt == chat.apply_chat_template(turn, tokenize=False, add_generation_prompt=True)


PROMPTS = {
    "news-qa-gemma": (
        "<bos><start_of_turn>user\n"
        "다음 기사를 읽고 질문에 짧게 답하세요.\n\n기사: 글\n\n질문: 물음<end_of_turn>\n"
        "<start_of_turn>model\n"
    ),
    "open-book-gem2": (
        "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\n"
        "다음 참조 문서만을 근거로 질문에 답하세요.\n\n글\n\n질문: 물음<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n"
    ),
    "wallpaper-kogpt2": "물음</s>",
    "wallpaper-synatra": "주어진 질문에 대한 답을 출력, 질문: 물음,답: ",
    "wallpaper-42dot": "주어진 질문에 대한 답을 출력, 질문: 물음,답: ",
    "odqa-t5": "question: 물음  context: 글 </s>",
    "gemma-2b": "<bos>글\n\n질문: 물음\n답변:",
}


@pytest.mark.parametrize("name", PROMPTS)
def test_prompts_are_as_published_or_as_the_model_was_tuned(
    name: str, folders: dict[str, Path]
) -> None:
    recipe, tokenizer = local(name, folders)
    assert tokenizer.decode(asked(recipe, "물음", "글")) == PROMPTS[name]
