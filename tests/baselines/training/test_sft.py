from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from baselines.commands.train import command
from baselines.training.sft import train
from submission.cli import run
from submission.errors import InputError
from submission.models import ModelFiles
from submission.recipes.schema import Recipe
from submission.records import TrainingRow
from tests.baselines.training.conftest import adapter_bytes, with_tables, with_training


def test_the_loss_falls_and_the_folder_is_whole(
    tmp_path: Path, base: ModelFiles, rows: list[TrainingRow], recipe: Recipe
) -> None:
    said: list[str] = []
    out = tmp_path / "어댑터"
    report = train(recipe, rows, out, base=base, data_sha256="d" * 64, say=said.append)
    assert report.loss_last < report.loss_first - 0.3
    assert (report.samples, report.too_long, report.steps, report.resumed_at) == (10, 0, 18, 0)
    assert {path.name for path in out.iterdir()} == {
        "adapter_config.json",
        "adapter_model.safetensors",
        "leaderkit.json",
        "loss.csv",
        "loss.svg",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    config = json.loads((out / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == "tiny"
    assert config["target_modules"] == ["c_attn", "c_fc", "c_proj"]
    manifest = json.loads((out / "leaderkit.json").read_text())
    assert manifest["base"] == "tiny"
    assert manifest["data_sha256"] == "d" * 64
    assert manifest["recipe"]["training"]["lora"]["rank"] == 4
    assert [path.name for path in tmp_path.iterdir()] == ["어댑터"]
    assert any("step 18/18" in line for line in said)


def test_one_seed_one_adapter(
    tmp_path: Path, base: ModelFiles, rows: list[TrainingRow], recipe: Recipe
) -> None:
    short = with_training(recipe, epochs=1.0)
    train(short, rows, tmp_path / "first", base=base, seed=3)
    train(short, rows, tmp_path / "again", base=base, seed=3)
    train(short, rows, tmp_path / "other", base=base, seed=4)
    assert adapter_bytes(tmp_path / "first") == adapter_bytes(tmp_path / "again")
    assert adapter_bytes(tmp_path / "first") != adapter_bytes(tmp_path / "other")


def test_tells_of_samples_left_out(
    tmp_path: Path, base: ModelFiles, rows: list[TrainingRow], recipe: Recipe
) -> None:
    said: list[str] = []
    short = with_training(recipe, epochs=1.0, max_length=75)
    report = train(short, rows, tmp_path / "out", base=base, say=said.append)
    assert report.too_long > 0
    assert report.samples + report.too_long == 10
    assert any(f"{report.too_long} of 10 samples are longer" in line for line in said)


def test_what_was_occupied_stays(
    tmp_path: Path, base: ModelFiles, rows: list[TrainingRow], recipe: Recipe
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("x")
    with pytest.raises(InputError, match="not empty"):
        train(recipe, rows, out, base=base)
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"training": None}, r"Recipe 'tiny' is not trained: it has no \[training\]"),
        ({"model": None}, r"Recipe 'tiny' is not trained: it has no \[model\]"),
    ],
)
def test_recipes_that_are_not_trained(
    tmp_path: Path,
    base: ModelFiles,
    rows: list[TrainingRow],
    recipe: Recipe,
    change: dict[str, None],
    message: str,
) -> None:
    with pytest.raises(InputError, match=message):
        train(recipe.model_copy(update=change), rows, tmp_path / "out", base=base)


def test_models_that_are_not_trained(
    tmp_path: Path, base: ModelFiles, rows: list[TrainingRow], recipe: Recipe
) -> None:
    assert recipe.model is not None
    other = with_tables(recipe, model={"name": "tiny", "adapter": "somewhere"})
    with pytest.raises(InputError, match="has an adapter already"):
        train(other, rows, tmp_path / "out", base=base)
    other = with_tables(recipe, model={"name": "tiny", "kind": "seq2seq"})
    with pytest.raises(InputError, match="no encoder-decoder that can be loaded"):
        train(other, rows, tmp_path / "out", base=base)


def test_a_target_the_model_has_not(
    tmp_path: Path, base: ModelFiles, rows: list[TrainingRow], recipe: Recipe
) -> None:
    assert recipe.training is not None
    lora = {"targets": ["q_proj", "c_attn"]}
    with pytest.raises(InputError, match=r"no layer q_proj\. It has c_attn, c_fc, c_proj, lm_head"):
        train(with_training(recipe, lora=lora), rows, tmp_path / "out", base=base)
    assert not (tmp_path / "out").exists()


def test_an_end_token_without_embedding_is_replaced_by_the_models(
    tmp_path: Path, rows: list[TrainingRow], recipe: Recipe
) -> None:
    from tests.models import gpt2

    folder = gpt2(tmp_path / "odd")
    path = folder / "tokenizer_config.json"
    config = json.loads(path.read_text())
    config["eos_token"] = "<|endoftext|>"
    path.write_text(json.dumps(config))
    train(with_training(recipe, epochs=1.0), rows, tmp_path / "out", base=ModelFiles("odd", folder))
    saved = json.loads((tmp_path / "out" / "tokenizer_config.json").read_text())
    assert saved["eos_token"] == "</s>"


def test_the_command_prints_one_object(tmp_path: Path, base: ModelFiles) -> None:
    data = tmp_path / "train.csv"
    data.write_text(
        "id,질문_1,질문_2,category,답변_1,답변_2,답변_3,답변_4,답변_5\n"
        "T_0,벽지가 울어요.,벽지가 왜 우나요?,벽지,습기 때문입니다.,말리면 펴집니다.,,,\n",
        encoding="utf-8-sig",
    )
    out = tmp_path / "out"
    arguments = ["embedded", "-c", "sample-wallpaper", "--data", str(data), "--out", str(out)]
    settings = ["--model", str(base.folder), "--set", "training.epochs=2", "--seed", "7"]
    result = CliRunner().invoke(command, [*arguments, *settings, "--json"])
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    assert (printed["samples"], printed["seed"], printed["steps"]) == (4, 7, 2)
    assert printed["data_sha256"] == hashlib.sha256(data.read_bytes()).hexdigest()
    assert json.loads((out / "leaderkit.json").read_text()) == printed
    assert "4 samples" in result.stderr
    assert run(["train", *arguments, *settings]) == 2
