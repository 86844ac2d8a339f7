"""Git LFS pointers in place of files, wherever a model is opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from evaluators import EvaluationError
from evaluators.encoders import load_encoder
from evaluators.neural.loading import ModelSource
from evaluators.pointers import refuse_pointers
from submission.adapters.load import load_tokenizer
from submission.errors import InputError
from submission.files.model_files import locate_model

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 9\n"


def folder_with(tmp_path: Path, *names: str, real: tuple[str, ...] = ("config.json",)) -> Path:
    for name, text in [*((each, "{}") for each in real), *((each, POINTER) for each in names)]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    "name",
    ["model.safetensors", "adapter_model.safetensors", "pytorch_model.bin", "tokenizer.json",
     "tokenizer.model", "spiece.model", "config.json", "2_Dense/model.safetensors",
     "1_Pooling/config.json", "model.safetensors.index.json", "adapter_config.json", "vocab.txt",
     "vocab.json", "merges.txt", "generation_config.json", "source.spm", "qwen.tiktoken",
     "checkpoints/model.ckpt"],
)  # fmt: skip
def test_each_file_that_a_model_needs_is_looked_at(name: str, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=rf"{name} is only a Git LFS pointer.*git lfs pull"):
        refuse_pointers(folder_with(tmp_path, name))


def test_several_are_counted(tmp_path: Path) -> None:
    names = [f"model-0000{number}-of-00003.safetensors" for number in (1, 2, 3)]
    with pytest.raises(EvaluationError, match=r"00001-of-00003.safetensors and 2 more are only"):
        refuse_pointers(folder_with(tmp_path, *names))


@pytest.mark.parametrize(
    "name",
    ["pytorch_model.bin", "pytorch_model-00001-of-00002.bin", "consolidated.safetensors",
     "consolidated.00.pth", "original.pt", "tf_model.h5", "flax_model.msgpack", "rust_model.ot",
     "model-Q4_K_M.gguf", "onnx/model.onnx", "openvino/model.bin", "fig.jpeg", "logo.gif",
     "paper.pdf", "demo.mp4", "train.parquet", "trainer_state.json", "training_args.bin",
     "optimizer.bin", "LICENSE.txt", "README.md"],
)  # fmt: skip
def test_files_that_are_not_read_may_be_pointers(name: str, tmp_path: Path) -> None:
    refuse_pointers(folder_with(tmp_path, name, real=("config.json", "model.safetensors")))


def test_pickled_weights_of_a_module_are_needed_beside_safetensors_of_another(
    tmp_path: Path,
) -> None:
    real = ("config.json", "model.safetensors")
    folder = folder_with(tmp_path, "2_Dense/pytorch_model.bin", real=real)
    with pytest.raises(EvaluationError, match=r"2_Dense/pytorch_model.bin is only"):
        refuse_pointers(folder)


def test_models_encoders_and_metrics_say_the_same(tmp_path: Path) -> None:
    folder = folder_with(tmp_path, "model.safetensors")
    said = []
    for opened in (locate_model, load_encoder, ModelSource.of):
        with pytest.raises((InputError, EvaluationError)) as found:
            opened(str(folder))
        said.append(str(found.value).rstrip("."))
    with pytest.raises(InputError) as found:
        load_tokenizer(folder)
    assert {*said, str(found.value).rstrip(".")} == {said[0]}
    (file,) = folder.glob("*.safetensors")
    with pytest.raises(EvaluationError, match="it is only a Git LFS pointer"):
        ModelSource.of(str(file))
