"""The recipes of this part that come with the package, and the model that does."""

from __future__ import annotations

from operator import attrgetter
from pathlib import Path

import pytest

import baselines.stand_ins.embedded as embedded
from submission.adapters.load import load_base, load_tokenizer
from submission.files.model_files import EMBEDDED, locate_model
from submission.prompts.encode import PromptEncoder
from submission.recipes import find_recipe, list_recipes
from submission.tables import read_table

MOST_BYTES = 8_000_000


@pytest.fixture(scope="module")
def folder() -> Path:
    return locate_model(EMBEDDED).folder


@pytest.mark.parametrize("name", ["embedded", "wallpaper-kogpt2", "kogpt2"])
def test_recipes_are_valid_and_say_what_they_are(name: str) -> None:
    recipe = find_recipe(name)
    assert recipe.about
    assert recipe.model is not None
    assert recipe.training is not None
    assert recipe.sampling.greedy


def test_kogpt2_generates_as_published() -> None:
    recipe = find_recipe("kogpt2")
    assert recipe.name == "wallpaper-kogpt2"
    sampling = recipe.sampling
    assert (sampling.max_tokens, sampling.temperature, sampling.top_k, sampling.top_p) == (
        300, 0.9, 1, 0.9,
    )  # fmt: skip
    assert sampling.repetition_penalty == 1.2
    assert recipe.prompt.template == "{{ question }}</s>"
    assert (sampling.stop, recipe.extraction.cut) == (["</s>"], ["</s>"])


SEVEN = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
# The systems' published documents and training code, field by field; what neither says is left out.
PUBLISHED: dict[str, dict[str, object]] = {
    "news-qa-gemma": {
        "method": "qlora", "quantization.type": "nf4", "quantization.double": True,
        "lora.rank": 1, "lora.alpha": 2, "lora.dropout": 0.05, "lora.targets": SEVEN,
        "batch_size": 1, "accumulation": 5, "epochs": 1, "optimizer": "adamw_8bit",
        "loss_on": "response",
    },
    "open-book-gem2": {
        "method": "qlora", "quantization.type": "nf4",
        "lora.rank": 16, "lora.alpha": 16, "lora.dropout": 0.01,
        "lora.targets": ["q_proj", "v_proj", "o_proj"],
        "learning_rate": 4e-4, "schedule": "cosine", "warmup": 0.06, "epochs": 1,
        "accumulation": 16,
    },
    "wallpaper-kogpt2:full": {
        "method": "full", "learning_rate": 2e-5, "epochs": 10, "batch_size": 1,
        "optimizer": "adamw",
    },
    "wallpaper-42dot": {
        "method": "lora", "lora.rank": 16, "lora.alpha": 8, "lora.dropout": 0.05,
        "lora.targets": ["q_proj", "k_proj", "v_proj", "o_proj", "lm_head"],
        "learning_rate": 2e-5, "epochs": 15,
    },
    "wallpaper-synatra": {
        "method": "lora", "lora.rank": 16, "lora.alpha": 8, "lora.dropout": 0.05,
        "lora.targets": ["q_proj", "k_proj", "v_proj", "o_proj", "lm_head"],
        "learning_rate": 2e-5, "epochs": 15,
    },
    "odqa-llama": {
        "method": "qlora", "quantization.type": "nf4", "quantization.double": True,
        "lora.rank": 128, "lora.alpha": 256, "lora.dropout": 0.05, "lora.targets": SEVEN,
        "batch_size": 8, "accumulation": 4, "learning_rate": 1e-4, "warmup": 0.1,
        "optimizer": "paged_adamw_32bit",
    },
    "odqa-t5": {"method": "full", "source_length": 384, "target_length": 128},
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_system_is_trained_as_published(name: str) -> None:
    training = find_recipe(name).training
    found = {key: attrgetter(key)(training) for key in PUBLISHED[name]}
    assert found == PUBLISHED[name]


@pytest.mark.parametrize(
    ("name", "tokens", "beams", "stop"),
    [
        ("wallpaper-42dot", 250, 1, []),
        ("wallpaper-synatra", 250, 1, []),
        ("odqa-llama", 64, 1, ["<|eot_id|>", "<|end_of_text|>"]),
        ("odqa-t5", 128, 3, []),
        ("odqa-gpt", 64, 1, []),
        ("news-qa-gemma", 64, 1, ["<end_of_turn>"]),
        ("open-book-gem2", 512, 1, ["<|eot_id|>", "<|end_of_text|>"]),
    ],
)
def test_a_system_generates_greedily_and_stops_at_its_models_ends(
    name: str, tokens: int, beams: int, stop: list[str]
) -> None:
    sampling = find_recipe(name).sampling
    assert sampling.greedy
    assert (sampling.max_tokens, sampling.beams, sampling.stop) == (tokens, beams, stop)


def test_42dot_is_asked_and_trained_as_synatra_is() -> None:
    own = {"name", "about", "model"}
    one, two = (find_recipe(f"wallpaper-{name}") for name in ("42dot", "synatra"))
    assert one.model_dump(exclude=own) == two.model_dump(exclude=own)
    assert one.model is not None
    assert one.model.name == "42dot/42dot_LLM-SFT-1.3B"
    listed = {alias for entry in list_recipes() for alias in entry.aliases}
    assert "wallpaper-42dot" in listed


@pytest.mark.parametrize("name", ["gemma-2b", "gemma-2-2b-it", "llama-3.1-8b", "gem2-llamion-14b"])
def test_baselines_without_training_have_none(name: str) -> None:
    recipe = find_recipe(name)
    assert recipe.about
    assert recipe.model is not None
    assert recipe.training is None
    assert recipe.sampling.greedy


@pytest.mark.parametrize("name", [entry.name for entry in list_recipes()])
def test_every_recipe_trains_in_a_precision_that_needs_no_gpu(name: str) -> None:
    training = find_recipe(name).training
    if training is not None:
        assert "float16" not in (training.dtype, training.quantization.compute_dtype)


def test_the_embedded_model_is_small_and_holds_no_pickle(folder: Path) -> None:
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    assert sum(path.stat().st_size for path in folder.iterdir()) < MOST_BYTES


def test_the_embedded_model_is_one_that_every_engine_runs(folder: Path) -> None:
    import torch

    model = load_base(folder, torch.float32)
    tokenizer = load_tokenizer(folder)
    config = model.config
    assert config.architectures == ["GPT2LMHeadModel"]
    assert config.dtype == torch.float32
    assert config.n_embd // config.n_head == 64
    assert (config.eos_token_id, config.pad_token_id) == (
        tokenizer.eos_token_id,
        tokenizer.pad_token_id,
    )
    assert tokenizer.chat_template is None
    ids = tokenizer("벽지에 생긴 곰팡이는", return_tensors="pt")["input_ids"]
    assert torch.isfinite(model(input_ids=ids).logits).all()


@pytest.mark.parametrize(
    "text",
    [
        "도배 하자",
        "  두 칸\t\n\n끝 ",
        "㎡ 0.3mm “따옴표” 🏠",
        "ㄱㅏ decomposed: 가",
        "日本語 Ünïcode",
        "",
    ],
)
def test_the_embedded_tokenizer_gives_every_text_back(text: str, folder: Path) -> None:
    tokenizer = load_tokenizer(folder)
    assert tokenizer.decode(tokenizer(text)["input_ids"]) == text


def test_prompt_and_answer_part_between_tokens(folder: Path) -> None:
    tokenizer = load_tokenizer(folder)
    encoder = PromptEncoder(tokenizer, find_recipe("embedded").prompt)
    prompt = encoder.prompt_ids("벽지가 울어요.")
    answer = encoder.response_ids("습기 때문입니다.", "벽지가 울어요.")
    together = "질문: 벽지가 울어요.\n답변:\n습기 때문입니다.</s>"
    assert [*prompt, *answer] == tokenizer(together)["input_ids"]


def test_the_embedded_model_has_not_read_what_it_is_tested_on() -> None:
    texts = set(embedded.documents())
    for name, columns in [
        ("wallpaper/test.csv", ["질문"]),
        ("wallpaper/references.csv", ["답변_1"]),
        ("news/test.csv", ["question"]),
    ]:
        table = read_table(embedded.DATA / name)
        assert not texts & {text for column in columns for text in table.column(column)}
