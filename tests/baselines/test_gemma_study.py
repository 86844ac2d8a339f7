"""The study's recipe against the study's table.

``tests/golden/gemma_study.csv`` holds the 24 rows of the table in section 1 of the README of
Gemma-LoRA-ko (DGIST; KSC 2024, "온디바이스 생성모델 파인튜닝 및 추론 성능 분석"); only the column
``variant`` is ours.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from submission.cli import run
from submission.recipes import find_recipe

GOLDEN = Path(__file__).parents[1] / "golden/gemma_study.csv"
with GOLDEN.open(encoding="utf-8", newline="") as file:
    TABLE = list(csv.DictReader(file))

DIRECTIONS = {
    "한영": "다음 글을 영어로 번역해주세요:",
    "영한": "다음 글을 한국어로 번역해주세요:",
    "한중": "다음 글을 중국어로 번역해주세요:",
    "중한": "다음 글을 한국어로 번역해주세요:",
    "한일": "다음 글을 일본어로 번역해주세요:",
    "일한": "다음 글을 한국어로 번역해주세요:",
}
INSTRUCTIONS = {
    **DIRECTIONS,
    "신문기사": "다음 글을 요약해주세요:",
    "기고문/잡지": "다음 글을 요약해주세요:",
    "법률문서": "다음 글을 요약해주세요:",
    "발언": "다음 대화에서 답변을 요약해주세요:",
    "대화": "다음 대화를 요약해주세요:",
    "자연어": "다음 질문에 대답해주세요:",
}


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["variant"])
def test_a_variant_trains_as_its_row_says(row: dict[str, str]) -> None:
    recipe = find_recipe(f"gemma-study:{row['variant']}")
    training = recipe.training
    assert training is not None
    assert (training.learning_rate, training.epochs, training.batch_size, training.rows) == (
        float(row["learning_rate"]), float(row["epochs"]), int(row["batch"]),
        int(row["dataset_size"]),
    )  # fmt: skip
    assert training.method == {"FFT": "full", "Adapter": "qlora"}[row["type"]]
    assert recipe.model is not None
    assert recipe.model.name == "google/gemma-2b"
    instruction = INSTRUCTIONS[row["field"]]
    assert recipe.prompt.template == (
        f"<start_of_turn>user\n{instruction}\n\n{{{{ question }}}}<end_of_turn>\n"
        "<start_of_turn>model\n"
    )


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["variant"])
def test_what_the_table_leaves_out_is_as_the_studys_code_has_it(row: dict[str, str]) -> None:
    recipe = find_recipe(f"gemma-study:{row['variant']}")
    training, sampling = recipe.training, recipe.sampling
    assert training is not None
    if row["type"] == "FFT":
        assert (training.accumulation, training.warmup, training.weight_decay) == (1, 50, 0.01)
        assert (training.clip, training.optimizer) == (1.0, "adamw")
        # Updates at these rates are lost in bfloat16.
        assert (training.dtype, recipe.engine.dtype) == ("float32", "float32")
    else:
        assert (training.accumulation, training.warmup, training.weight_decay) == (4, 2, 0.0)
        assert (training.lora.rank, training.lora.alpha, len(training.lora.targets)) == (8, 8, 7)
        assert (training.optimizer, training.quantization.type) == ("paged_adamw_8bit", "nf4")
        assert (training.dtype, recipe.engine.dtype) == ("bfloat16", "auto")
    assert (sampling.max_tokens, sampling.temperature, sampling.top_k, sampling.top_p) == (
        512, 0.2, 50, 0.95,
    )  # fmt: skip
    assert sampling.repetition_penalty == 1.0


def test_the_list_has_every_row_of_the_table_and_no_other_variant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert len(TABLE) == 24
    assert run(["recipes", "--json"]) == 0
    listed = [each["name"] for each in json.loads(capsys.readouterr().out)]
    ours = [name for name in listed if name.startswith("gemma-study")]
    assert ours == sorted(["gemma-study", *(f"gemma-study:{row['variant']}" for row in TABLE)])
