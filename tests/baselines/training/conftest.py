"""A tiny model, and rows to train it on."""

from __future__ import annotations

from pathlib import Path

import pytest

from submission.files.model_files import ModelFiles
from submission.recipes.schema import Recipe
from submission.records.rows import TrainingRow
from tests.models import gpt2


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> ModelFiles:
    return ModelFiles("tiny", gpt2(tmp_path_factory.mktemp("models") / "tiny"))


@pytest.fixture
def rows() -> list[TrainingRow]:
    texts = [
        ("실크벽지의 장점은?", "실크벽지는 왜 쓰나요?", ("질기고 잘 닦입니다.", "오래 씁니다.")),
        ("곰팡이는 왜 생기나요?", "곰팡이의 원인은?", ("습기 때문입니다.",)),
        ("타일이 깨졌어요.", "깨진 타일은 어떻게 하나요?", ("새 타일로 바꿉니다.", "메웁니다.")),
    ]
    return [
        TrainingRow(f"TRAIN_{place}", (first, second), answers, "마감재", "", {"id": str(place)})
        for place, (first, second, answers) in enumerate(texts)
    ]


@pytest.fixture
def recipe() -> Recipe:
    return Recipe.model_validate(
        {
            "name": "tiny",
            "model": {"name": "tiny"},
            "prompt": {"template": "질문: {{ question }}\n답변:\n"},
            "sampling": {"max_tokens": 24},
            "training": {
                "epochs": 6,
                "learning_rate": 5e-3,
                "batch_size": 4,
                "lora": {"rank": 4, "alpha": 8, "dropout": 0.1},
            },
        }
    )


def with_training(recipe: Recipe, **settings: object) -> Recipe:
    assert recipe.training is not None
    return with_tables(recipe, training={**recipe.training.model_dump(), **settings})


def with_tables(recipe: Recipe, **tables: object) -> Recipe:
    """The recipe with other tables, validated as a file's would be."""
    return Recipe.model_validate({**recipe.model_dump(), **tables})


def as_chat(recipe: Recipe) -> Recipe:
    return with_tables(recipe, prompt={"template": "{{ question }}", "chat": True})


def adapter_bytes(folder: Path) -> tuple[bytes, bytes]:
    return (
        (folder / "adapter_model.safetensors").read_bytes(),
        (folder / "adapter_config.json").read_bytes(),
    )
