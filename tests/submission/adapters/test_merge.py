"""Merging: what it measures, what it writes, what it refuses, and what a kill leaves behind."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from submission.adapters import MergeDiffers, MergeReport, Weighted, merge, read_adapter
from submission.adapters.prompts import read_prompts
from submission.cli import run
from submission.commands.merge import command
from submission.errors import InputError
from submission.files.model_files import ModelFiles
from tests.models import byte_tokenizer, gpt2

TEXTS = ["질문: 벽지가 울어요.\n답변:\n", "곰팡이는 왜 생기나요?", "Tiles"]


def llama(folder: Path, *, tied: bool = False) -> Path:
    folder.mkdir()
    size = byte_tokenizer(folder)
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=size, hidden_size=32, intermediate_size=64, num_hidden_layers=2,
        num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=256,
        tie_word_embeddings=tied, bos_token_id=1, eos_token_id=1, dtype="float32",
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def lora(base: Path, folder: Path, targets: list[str], **settings: Any) -> Path:
    """An adapter with random weights, none of them zero."""
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    torch.manual_seed(2)
    over = get_peft_model(
        model,
        LoraConfig(
            r=4,
            lora_alpha=8,
            target_modules=targets,
            init_lora_weights=False,
            task_type="CAUSAL_LM",
            **settings,
        ),
    )
    over.save_pretrained(folder, save_embedding_layers=False)
    return folder


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return gpt2(tmp_path_factory.mktemp("base") / "gpt2")


@pytest.fixture(scope="module")
def trained(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("adapter") / "lora"
    return lora(base, folder, ["c_attn", "c_proj", "c_fc"])


@pytest.fixture
def adapter(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "adapter"))


def files(folder: Path) -> ModelFiles:
    return ModelFiles(str(folder), folder)


def run_merge(base: Path, adapter: Path, out: Path, **settings: Any) -> MergeReport:
    return merge(files(base), [Weighted(files(adapter))], out, TEXTS, **settings)


def greedy(model: Any, tokenizer: Any, text: str) -> list[int]:
    ids = tokenizer(text, return_tensors="pt")
    output = model.generate(**ids, max_new_tokens=16, do_sample=False)
    return [int(token) for token in output[0]]


def test_the_merged_model_says_what_base_and_adapter_say(
    base: Path, adapter: Path, tmp_path: Path
) -> None:
    report = run_merge(base, adapter, tmp_path / "out")
    assert report.merged.difference < 1e-4
    assert report.written.difference < 1e-4
    assert report.written.agrees
    assert report.written.prompts == 3
    assert report.logits_low < report.logits_high
    assert not report.warnings
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    over = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base), adapter)
    plain = AutoModelForCausalLM.from_pretrained(base)
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    for text in TEXTS:
        assert greedy(merged, tokenizer, text) == greedy(over, tokenizer, text)
    assert any(greedy(merged, tokenizer, t) != greedy(plain, tokenizer, t) for t in TEXTS)


def test_the_folder_is_complete_and_holds_no_pickle(
    base: Path, adapter: Path, tmp_path: Path
) -> None:
    out = tmp_path / "새 모델"
    report = run_merge(base, adapter, out)
    assert {path.name for path in out.iterdir()} == {
        "config.json",
        "generation_config.json",
        "leaderkit_merge.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    }
    modes = {path.stat().st_mode & 0o777 for path in out.iterdir()}
    assert len(modes) == 1
    written = json.loads((out / "leaderkit_merge.json").read_text())
    assert written == json.loads(json.dumps(report.as_json()))
    assert (out / "generation_config.json").read_bytes() == (
        base / "generation_config.json"
    ).read_bytes()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("targets", [["q_proj", "v_proj"], ["q_proj", "lm_head"]])
def test_llama(tied: bool, targets: list[str], tmp_path: Path) -> None:
    base = llama(tmp_path / "llama", tied=tied)
    report = run_merge(base, lora(base, tmp_path / "lora", targets), tmp_path / "out")
    assert report.merged.difference < 1e-4
    assert report.written.difference < 1e-4
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["tie_word_embeddings"] is (tied and "lm_head" not in targets)


def test_saved_modules_are_taken_over(tmp_path: Path) -> None:
    base = llama(tmp_path / "llama", tied=True)
    adapter = lora(base, tmp_path / "lora", ["q_proj"], modules_to_save=["lm_head"])
    path = adapter / "adapter_model.safetensors"
    tensors = load_file(path)
    name = next(name for name in tensors if "lm_head" in name)
    tensors[name] = tensors[name] + 1.0
    save_file(tensors, path)
    assert run_merge(base, adapter, tmp_path / "out").written.difference < 1e-4
    before, after = (
        load_file(base / "model.safetensors"),
        load_file(tmp_path / "out" / "model.safetensors"),
    )
    embedding = "model.embed_tokens.weight"
    assert torch.equal(before[embedding], after[embedding])
    assert torch.allclose(before[embedding] + 1.0, after["lm_head.weight"])


def test_pickled_weights_are_read_as_data_and_written_as_safetensors(
    base: Path, adapter: Path, tmp_path: Path
) -> None:
    tensors = load_file(adapter / "adapter_model.safetensors")
    torch.save(tensors, adapter / "adapter_model.bin")
    (adapter / "adapter_model.safetensors").unlink()
    assert run_merge(base, adapter, tmp_path / "out").written.difference < 1e-4
    assert not list((tmp_path / "out").glob("*.bin"))


class _Evil:
    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("touch /tmp/leaderkit-evil",)


def test_pickled_code_is_not_run(base: Path, adapter: Path, tmp_path: Path) -> None:
    torch.save({"weight": _Evil()}, adapter / "adapter_model.bin")
    (adapter / "adapter_model.safetensors").unlink()
    with pytest.raises(InputError, match=r"adapter_model.bin: cannot be read"):
        run_merge(base, adapter, tmp_path / "out")
    assert not Path("/tmp/leaderkit-evil").exists()


def test_half_precision_is_measured_against_full(base: Path, adapter: Path, tmp_path: Path) -> None:
    report = run_merge(base, adapter, tmp_path / "out", dtype="bfloat16")
    assert report.merged.difference < 1e-4 < report.written.difference
    assert (
        load_file(tmp_path / "out" / "model.safetensors")["transformer.wte.weight"].dtype
        == torch.bfloat16
    )


def test_another_base_of_the_same_shape_is_warned_of(
    base: Path, adapter: Path, tmp_path: Path
) -> None:
    said: list[str] = []
    other = gpt2(tmp_path / "other", seed=9)
    report = run_merge(other, adapter, tmp_path / "out", say=said.append)
    assert report.warnings == (f"the adapter was trained on '{base}', not on '{other}'",)
    assert f"Warning: {report.warnings[0]}." in said


@pytest.mark.parametrize(
    ("name", "record", "told"),
    [
        ("someone/gpt2-bnb-4bit", None, "someone/gpt2-bnb-4bit"),
        ("models/gpt2-bnb-4bit/", None, "models/gpt2-bnb-4bit/"),
        ("/data/4bit-experiments/gpt2", None, None),
        ("nf4/gpt2", None, None),
        ("someone/gpt2-bnb-4bit", {"base_quantization": None}, None),
        ("someone/gpt2", {"base_quantization": "bitsandbytes 4-bit (nf4)"},
         "bitsandbytes 4-bit (nf4)"),
        ("someone/gpt2-bnb-4bit", {"base_quantization": "bitsandbytes 8-bit"}, None),
        ("someone/gpt2-bnb-4bit", {"base_sha256": "0" * 64}, "someone/gpt2-bnb-4bit"),
    ],
)  # fmt: skip
def test_how_the_base_was_held_is_the_records_word_and_else_the_names_last_part(
    name: str, record: dict[str, Any] | None, told: str | None, adapter: Path
) -> None:
    _change(adapter, base_model_name_or_path=name)
    if record is not None:
        (adapter / "leaderkit.json").write_text(json.dumps(record))
    assert read_adapter(adapter).quantized == told


def test_an_adapter_of_a_4bit_base_is_told_of(base: Path, adapter: Path, tmp_path: Path) -> None:
    _change(adapter, base_model_name_or_path="someone/gpt2-bnb-4bit")
    report = run_merge(base, adapter, tmp_path / "out")
    assert report.adapters[0].trained_on_4bit == "someone/gpt2-bnb-4bit"
    assert any("4-bit" in note for note in report.warnings)


def _change(folder: Path, **values: Any) -> None:
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text())
    config.update(values)
    path.write_text(json.dumps({key: value for key, value in config.items() if value is not ...}))


def _weights(folder: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    path = folder / "adapter_model.safetensors"
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path)


def _no_config(folder: Path) -> None:
    (folder / "adapter_config.json").unlink()


def _no_weights(folder: Path) -> None:
    (folder / "adapter_model.safetensors").unlink()


def _broken(folder: Path) -> None:
    (folder / "adapter_model.safetensors").write_bytes(b"\x10" * 100)


def _nan(folder: Path) -> None:
    _weights(folder, lambda tensors: next(iter(tensors.values())).fill_(float("nan")))


def _missing_tensor(folder: Path) -> None:
    def drop(tensors: dict[str, torch.Tensor]) -> None:
        del tensors[next(iter(tensors))]

    _weights(folder, drop)


def _more_tokens(folder: Path) -> None:
    byte_tokenizer(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens(["<새>"])
    tokenizer.save_pretrained(folder)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_no_config, "no adapter_config.json in it. Give the folder that training wrote"),
        (_no_weights, r"no adapter_model.safetensors \(or adapter_model.bin\)"),
        (_broken, "adapter_model.safetensors: cannot be read"),
        (_nan, "holds NaN or infinity: that training diverged"),
        (_missing_tensor, "does not fit this base: the adapter has no weights for"),
        (_more_tokens, "trained with 260 tokens, and it and its base have embeddings of 259"),
        (lambda f: _change(f, peft_type="IA3"), "its peft_type is IA3; only LORA"),
        (lambda f: _change(f, peft_type=...), "its peft_type is missing"),
        (lambda f: _change(f, r=...), "'r': missing, so the scale is unknown"),
        (lambda f: _change(f, lora_alpha=None), "'lora_alpha': missing"),
        (lambda f: _change(f, r=8), r"lora_A.weight is \(4, 64\) where the base needs \(8, 64\)"),
        (lambda f: _change(f, target_parameters=["x"]), "target_parameters"),
        (lambda f: (f / "adapter_config.json").write_text("{"), "not valid JSON"),
    ],
)
def test_adapters_that_are_refused(
    damage: Callable[[Path], None], message: str, base: Path, adapter: Path, tmp_path: Path
) -> None:
    damage(adapter)
    with pytest.raises(InputError, match=message):
        run_merge(base, adapter, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("r", 0, "should be greater than 0"),
        ("r", -4, "should be greater than 0"),
        ("r", 4.7, "should be a valid integer"),
        ("lora_alpha", "8", "should be a valid number"),
        ("lora_alpha", float("inf"), "should be a finite number"),
        ("lora_dropout", "x", "should be a valid number"),
        ("rank_pattern", {"c_attn": 0}, "should be greater than 0"),
        ("rank_pattern", {"(": 3}, "not a regular expression"),
        ("alpha_pattern", {"q_proj": "x"}, "should be a valid number"),
        ("target_modules", 5, "should be a valid"),
        ("target_modules", "(", "not a regular expression"),
        ("target_modules", [5], "should be a valid string"),
        ("modules_to_save", 5, "should be a valid"),
        ("base_model_name_or_path", ["a"], "should be a valid string"),
        ("bias", "weird", "should be 'none', 'all' or 'lora_only'"),
        ("task_type", "NONSENSE", "should be 'CAUSAL_LM'"),
        ("use_dora", "yes", "should be a valid boolean"),
        ("layers_to_transform", "x", "should be a valid"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_its_file_and_key(
    key: str,
    value: Any,
    message: str,
    base: Path,
    adapter: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _change(adapter, **{key: value})
    status = run(["merge", "--base", str(base), "--adapter", str(adapter),
                  "--out", str(tmp_path / "out")])  # fmt: skip
    said = " ".join(capsys.readouterr().err.split())
    assert status == 2
    assert "adapter_config.json" in said
    assert f"'{key}" in said
    assert message in said
    assert "Traceback" not in said
    assert not (tmp_path / "out").exists()


def test_every_value_that_cannot_be_is_named_at_once(
    base: Path, adapter: Path, tmp_path: Path
) -> None:
    _change(adapter, r=0, bias="weird", alpha_pattern={"c_attn": "x"})
    with pytest.raises(InputError, match=r"(?s)3 problems:.*'r'.*'alpha_pattern.c_attn'.*'bias'"):
        run_merge(base, adapter, tmp_path / "out")


def test_what_only_peft_refuses_is_told_as_its_word(
    base: Path, adapter: Path, tmp_path: Path
) -> None:
    _change(adapter, layers_pattern="h", layers_to_transform=None)
    with pytest.raises(InputError, match=r"adapter_config\.json: peft cannot use it: .*layers_"):
        run_merge(base, adapter, tmp_path / "out")


def test_a_weight_that_the_precision_cannot_hold_is_refused_by_name(
    base: Path, adapter: Path, tmp_path: Path
) -> None:
    """At a position that no prompt reaches, so that no logit shows it."""
    other = Path(shutil.copytree(base, tmp_path / "large"))
    tensors = load_file(other / "model.safetensors")
    tensors["transformer.wpe.weight"][500, 3] = 1e5
    save_file(tensors, other / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(
        InputError, match=r"float16 ends at 65504, and 'transformer\.wpe\.weight' .*bfloat16 or"
    ):
        run_merge(other, adapter, tmp_path / "out", dtype="float16")
    assert not (tmp_path / "out").exists()
    assert run_merge(other, adapter, tmp_path / "out", dtype="bfloat16").dtype == "bfloat16"


def test_logits_that_become_infinite_fail_without_a_check_as_well(
    base: Path, adapter: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(base, tmp_path / "large"))
    tensors = load_file(other / "model.safetensors")
    tensors["transformer.ln_f.weight"] *= 6e4
    save_file(tensors, other / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(MergeDiffers, match="logits that are not finite; merge with --dtype"):
        run_merge(other, adapter, tmp_path / "out", dtype="float16")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda f: gpt2(f, width=128), r"\(4, 64\) where the base needs \(4, 128\)"),
        (lambda f: gpt2(f, layers=1), "the base has no place for .*h.1.*and 7 more"),
        (lambda f: gpt2(f, layers=3), "the adapter has no weights for .*h.2."),
        (llama, r"its targets \(c_attn, c_fc, c_proj\) are not all in it"),
    ],
)
def test_bases_that_do_not_fit(
    make: Callable[[Path], Path], message: str, adapter: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        run_merge(make(tmp_path / "other"), adapter, tmp_path / "out")


def test_a_vocabulary_of_another_size_is_refused(tmp_path: Path) -> None:
    base = llama(tmp_path / "llama")
    adapter = lora(base, tmp_path / "lora", ["q_proj"], modules_to_save=["lm_head"])
    _weights(
        adapter,
        lambda tensors: tensors.update(
            {name: torch.cat([t, t[:8]]) for name, t in tensors.items() if "lm_head" in name}
        ),
    )
    with pytest.raises(InputError, match="267 tokens where the base has 259, and does not hold"):
        run_merge(base, adapter, tmp_path / "out")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"quant_method": "bitsandbytes", "load_in_8bit": True},
            r"is quantized \(bitsandbytes 8-bit\): 8-bit layers also round activations",
        ),
        ({"quant_method": "awq", "bits": 4}, r"is quantized \(awq\): its full-precision weights"),
        (
            {"quant_method": "bitsandbytes", "load_in_4bit": True},
            "says that the weights are quantized, but they are not",
        ),
    ],
)
def test_quantized_bases_that_are_refused(
    settings: dict[str, Any], message: str, base: Path, adapter: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(base, tmp_path / "quantized"))
    config = json.loads((other / "config.json").read_text())
    config["quantization_config"] = settings
    (other / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match=message):
        run_merge(other, adapter, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [("transformer.h.0.attn.c_attn.weight", "NaN"), ("transformer.ln_f.bias", "holds NaN")],
)
def test_a_base_with_nan_is_refused(
    name: str, message: str, base: Path, adapter: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copytree(base, tmp_path / "broken"))
    tensors = load_file(other / "model.safetensors")
    tensors[name][0] = float("nan")
    save_file(tensors, other / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match=message):
        run_merge(other, adapter, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_base_that_lacks_tensors_is_refused(base: Path, adapter: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(base, tmp_path / "broken"))
    tensors = load_file(other / "model.safetensors")
    del tensors["transformer.ln_f.bias"]
    save_file(tensors, other / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(InputError, match=r"lack 1 of .* tensors, such as transformer\.ln_f"):
        run_merge(other, adapter, tmp_path / "out")


def test_an_occupied_folder_is_left_alone(base: Path, adapter: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("x")
    with pytest.raises(InputError, match="not empty"):
        run_merge(base, adapter, out)
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


def test_the_adapters_tokenizer_is_kept_where_it_fits(
    base: Path, adapter: Path, tmp_path: Path
) -> None:
    byte_tokenizer(adapter)
    tokenizer = AutoTokenizer.from_pretrained(adapter)
    tokenizer.chat_template = "{% for m in messages %}{{ m.content }}{% endfor %}"
    tokenizer.save_pretrained(adapter)
    assert run_merge(base, adapter, tmp_path / "out").tokenizer == "adapter"
    assert (tmp_path / "out" / "chat_template.jinja").read_text() == tokenizer.chat_template


def test_prompts_come_from_the_first_column_that_is_no_id(tmp_path: Path) -> None:
    table = tmp_path / "prompts.csv"
    table.write_text("ID,질문,메모\n1,벽지는?,가\n2,벽지는?,나\n3,타일은?,다\n", encoding="utf-8")
    assert read_prompts(table) == ["벽지는?", "타일은?"]
    assert read_prompts(table, "메모") == ["가", "나", "다"]
    assert len(read_prompts()) > 20
    with pytest.raises(InputError, match="메모2"):
        read_prompts(table, "메모2")


def test_the_command_prints_one_object(base: Path, adapter: Path, tmp_path: Path) -> None:
    arguments = ["--base", str(base), "--adapter", str(adapter), "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(command, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["written"]["difference"] < 1e-4
    assert run(["merge", *arguments]) == 2


MERGES = """
import os, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
import peft, transformers
from submission.adapters import Weighted, merge
from submission.files.model_files import ModelFiles
base, adapter = map(Path, sys.argv[1:])
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        lora = Weighted(ModelFiles("lora", adapter))
        merge(ModelFiles("base", base), [lora], Path(line.strip()), ["벽지"])
        os._exit(0)
    print(child, flush=True)
    os.waitpid(child, 0)
"""


def test_a_killed_merge_leaves_nothing_half_written(
    base: Path, adapter: Path, tmp_path: Path
) -> None:
    chance = random.Random(5)  # noqa: S311
    process = subprocess.Popen(
        [sys.executable, "-c", MERGES, str(base), str(adapter)],
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        bufsize=1,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        for kill in range(5):
            out = tmp_path / f"out{kill}"
            process.stdin.write(f"{out}\n")
            child = int(process.stdout.readline())
            time.sleep(chance.uniform(0.0, 0.8))
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            if out.exists():
                assert (out / "leaderkit_merge.json").is_file()
                AutoModelForCausalLM.from_pretrained(out)
        process.stdin.close()
    run_merge(base, adapter, tmp_path / "last")
    assert not list(tmp_path.glob(".leaderkit-*"))
