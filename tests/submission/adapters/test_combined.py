"""Several adapters in one model: the weighted sum of what each adds."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from submission.adapters import Weighted, merge
from submission.commands.merge import command
from submission.errors import InputError
from tests.models import byte_tokenizer
from tests.submission.adapters.test_bases import logits, variant
from tests.submission.adapters.test_merge import TEXTS, files, llama, lora

WEIGHTS = (0.7, -0.4)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return llama(tmp_path_factory.mktemp("base") / "llama")


@pytest.fixture(scope="module")
def pair(base: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two adapters of other ranks, scales and targets."""
    folder = tmp_path_factory.mktemp("pair")
    first = lora(base, folder / "first", ["q_proj", "v_proj"])
    second = variant(base, folder / "second", use_rslora=True, rank_pattern={"q_proj": 2})
    return first, second


def deltas(folder: Path) -> dict[str, torch.Tensor]:
    """scale * B A by layer, computed from the files alone."""
    config = json.loads((folder / "adapter_config.json").read_text())
    tensors = load_file(folder / "adapter_model.safetensors")
    found = {}
    for name, a in tensors.items():
        if ".lora_A." not in name:
            continue
        rank = a.shape[0]
        scale = config["lora_alpha"] / (rank**0.5 if config["use_rslora"] else rank)
        layer = name.removeprefix("base_model.model.").replace(".lora_A", "")
        found[layer] = scale * tensors[name.replace("lora_A", "lora_B")] @ a
    return found


def test_the_weights_are_the_base_plus_the_weighted_sum(
    base: Path, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    given = [Weighted(files(folder), weight) for folder, weight in zip(pair, WEIGHTS, strict=True)]
    report = merge(files(base), given, tmp_path / "out", TEXTS)
    assert report.written.difference < 1e-4
    assert [each.weight for each in report.adapters] == list(WEIGHTS)
    expected = load_file(base / "model.safetensors")
    for folder, weight in zip(pair, WEIGHTS, strict=True):
        for name, delta in deltas(folder).items():
            expected[name] = expected[name] + weight * delta
    found = load_file(tmp_path / "out" / "model.safetensors")
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert torch.allclose(found[name], tensor, atol=1e-6), name


def test_it_is_what_pefts_own_concatenation_gives(
    base: Path, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    given = [Weighted(files(folder), weight) for folder, weight in zip(pair, WEIGHTS, strict=True)]
    merge(files(base), given, tmp_path / "out", TEXTS)
    over: Any = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(base), pair[0], adapter_name="a"
    )
    over.load_adapter(pair[1], adapter_name="b")
    over.add_weighted_adapter(["a", "b"], list(WEIGHTS), "both", combination_type="cat")
    over.set_adapter("both")
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    assert torch.allclose(logits(merged), logits(over), atol=1e-4)


def test_half_of_one_adapter_is_half_its_change(
    base: Path, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    merge(files(base), [Weighted(files(pair[0]), 0.5)], tmp_path / "out", TEXTS)
    before = load_file(base / "model.safetensors")
    after = load_file(tmp_path / "out" / "model.safetensors")
    for name, delta in deltas(pair[0]).items():
        assert torch.allclose(after[name] - before[name], 0.5 * delta, atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"use_dora": True}, "DoRA also rescales"),
        ({"bias": "lora_only"}, "biases of its own"),
        ({"modules_to_save": ["lm_head"]}, "replaces lm_head as a whole"),
    ],
)
def test_what_is_no_sum_is_refused(
    settings: dict[str, Any], reason: str, base: Path, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    other = variant(base, tmp_path / "other", **settings)
    given = [Weighted(files(pair[0]), 0.5), Weighted(files(other), 0.5)]
    with pytest.raises(InputError, match=f"cannot be weighted or added to another's: .*{reason}"):
        merge(files(base), given, tmp_path / "out", TEXTS)
    assert not (tmp_path / "out").exists()


def test_adapters_with_two_vocabularies_are_refused(
    base: Path, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    copies = [
        Path(shutil.copytree(folder, tmp_path / str(number))) for number, folder in enumerate(pair)
    ]
    for copy, pad in zip(copies, ("<pad>", "<other>"), strict=True):
        byte_tokenizer(copy)
        path = copy / "tokenizer.json"
        path.write_text(path.read_text().replace('"<pad>"', f'"{pad}"'))
        settings = copy / "tokenizer_config.json"
        settings.write_text(settings.read_text().replace('"<pad>"', f'"{pad}"'))
        assert pad in AutoTokenizer.from_pretrained(copy).get_vocab()
    with pytest.raises(InputError, match="cannot be merged together"):
        merge(files(base), [Weighted(files(c), 0.5) for c in copies], tmp_path / "out", TEXTS)


def test_the_command_wants_a_weight_for_each_of_several(
    base: Path, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    arguments = ["--base", str(base), "--out", str(tmp_path / "out")]
    two = [part for folder in pair for part in ("--adapter", str(folder))]
    for weights, message in (
        ([], "give each a --weight"),
        (["--weight", "0.5"], "2 --adapter and 1 --weight"),
        (["--weight", "0.5", "--weight", "nan"], "is not a number"),
    ):
        result = CliRunner().invoke(command, [*arguments, *two, *weights])
        assert result.exit_code == 2
        assert message in result.output
    result = CliRunner().invoke(command, [*arguments, *two, "--weight", "0.5", "--weight", "0.5"])
    assert result.exit_code == 0, result.output
    assert f"0.5 x {pair[0]} + 0.5 x {pair[1]}" in result.output


def test_of_two_chat_templates_it_is_said_whose_is_used(
    base: Path, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    copies = []
    for number, folder in enumerate(pair):
        copies.append(Path(shutil.copytree(folder, tmp_path / f"adapter{number}")))
        own = AutoTokenizer.from_pretrained(base)
        own.chat_template = f"{number}{{% for m in messages %}}{{{{ m.content }}}}{{% endfor %}}"
        own.save_pretrained(copies[-1])
    for first, second in (copies, reversed(copies)):
        out = tmp_path / f"from_{first.name}"
        report = merge(files(base), [Weighted(files(first)), Weighted(files(second))], out, TEXTS)
        own_one, apart = (each for each in report.warnings if "chat template" in each)
        assert own_one.startswith(f"{first} has a tokenizer of its own, which is used")
        assert f"the tokenizer of {first} is used" in apart
        assert f"that of {second} in: chat template" in apart
        assert (out / "chat_template.jinja").read_text()[0] == first.name[-1]
