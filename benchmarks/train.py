"""Speed of fine-tuning, against a loop written by hand and of packing against padding.

    python benchmarks/train.py            leaderkit's training and a plain PyTorch loop on one model
    python benchmarks/train.py --gpu      QLoRA and generation, more than a billion parameters

Both contenders train the same weights on the same batches, in this process, in turn, with one
thread each; counted is processor time, which others on the machine disturb least, and the best of
--repeat.
Without a GPU, --gpu says so and ends with exit code 3.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from baselines.grid.memory import PeakMemory  # noqa: E402
from baselines.training.base import load, make_trainable  # noqa: E402
from baselines.training.batches import Pack, pack  # noqa: E402
from baselines.training.loop import fit_samples  # noqa: E402
from baselines.training.order import EpochOrder  # noqa: E402
from baselines.training.samples import IGNORED, Sample, make_samples  # noqa: E402
from baselines.training.sft import draw_rows, limits_for, train  # noqa: E402
from baselines.training.workspace import Workspace  # noqa: E402
from submission.competitions import find_competition  # noqa: E402
from submission.files.model_files import ModelFiles  # noqa: E402
from submission.prompts.encode import PromptEncoder  # noqa: E402
from submission.recipes.schema import Model, Recipe  # noqa: E402
from submission.records.read import read_training  # noqa: E402
from submission.records.rows import TrainingRow  # noqa: E402

SAMPLE = ROOT / "data_sample" / "wallpaper" / "train.csv"
SEED = 7
NO_GPU = 3


def recipe(**training: Any) -> Recipe:
    """The benchmark's recipe; its training can be changed."""
    settings = {"max_steps": 12, "batch_size": 8, "learning_rate": 1e-3, "max_length": 256}
    return Recipe.model_validate(
        {
            "name": "benchmark",
            "model": {"name": "benchmark"},
            "prompt": {"template": "질문: {{ question }}\n답변:\n"},
            "sampling": {"max_tokens": 64},
            "training": {**settings, "lora": {"rank": 16}, **training},
        }
    )


def make_llama(folder: Path, *, width: int, layers: int, heads: int) -> None:
    """A Llama with random weights and the embedded model's tokenizer."""
    import torch
    from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

    tokenizer = AutoTokenizer.from_pretrained(ROOT / "data_sample" / "embedded")
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=32000, hidden_size=width, intermediate_size=4 * width, num_hidden_layers=layers,
        num_attention_heads=heads, num_key_value_heads=max(1, heads // 4),
        max_position_embeddings=2048, bos_token_id=tokenizer.eos_token_id,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=False, dtype="bfloat16" if width > 1024 else "float32",
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    model.to(torch.bfloat16 if width > 1024 else torch.float32).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def by_hand(wanted: Recipe, rows: Sequence[TrainingRow], files: ModelFiles) -> dict[str, float]:
    """The loop that a notebook has: padded batches, labels in the model's own loss, AdamW.

    It takes the very batches that leaderkit takes, so that the only difference is the loop.
    """
    import torch

    assert wanted.model is not None
    assert wanted.training is not None
    training = wanted.training
    base = load(files, wanted.model, training)
    encoder = PromptEncoder(base.tokenizer, wanted.prompt)
    samples = make_samples(rows, encoder, limits_for(base, training)).samples
    torch.manual_seed(SEED)
    model = make_trainable(base, training).train()
    weights = [each for each in model.parameters() if each.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=training.learning_rate)
    steps = training.max_steps or 1
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, steps)
    batches = order(samples, training.batch_size, steps)
    tokens, started = 0, time.process_time()
    for batch in batches:
        width = max(map(len, batch))
        ids = torch.zeros((len(batch), width), dtype=torch.long)
        labels = torch.full((len(batch), width), IGNORED)
        mask = torch.zeros((len(batch), width), dtype=torch.long)
        for row, sample in enumerate(batch):
            ids[row, : len(sample)] = torch.from_numpy(sample.ids)
            labels[row, : len(sample)] = torch.from_numpy(sample.labels)
            mask[row, : len(sample)] = 1
        where = model.device
        loss = model(
            input_ids=ids.to(where), attention_mask=mask.to(where), labels=labels.to(where)
        ).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        tokens += sum(map(len, batch))
    return {"pace": tokens / (time.process_time() - started), "loss": float(loss.detach())}


def order(samples: Sequence[Sample], size: int, steps: int) -> list[list[Sample]]:
    """The batches of the first steps, as leaderkit draws them."""
    sampler = EpochOrder([len(each) for each in samples], size, SEED)
    batches: list[list[Sample]] = []
    epoch = 0
    while len(batches) < steps:
        sampler.set_epoch(epoch)
        places = list(sampler)
        batches += [
            [samples[place] for place in places[first : first + size]]
            for first in range(0, len(places), size)
        ]
        epoch += 1
    return batches[:steps]


def by_leaderkit(
    wanted: Recipe, rows: Sequence[TrainingRow], files: ModelFiles
) -> dict[str, float]:
    """The loop of ``leaderkit train``: Trainer, order, collation, logging, checkpoints' clock."""
    import torch

    assert wanted.model is not None
    assert wanted.training is not None
    training = wanted.training
    base = load(files, wanted.model, training)
    encoder = PromptEncoder(base.tokenizer, wanted.prompt)
    limits = limits_for(base, training)
    samples = make_samples(draw_rows(rows, training.rows, SEED), encoder, limits)
    torch.manual_seed(SEED)
    model = make_trainable(base, training)
    with tempfile.TemporaryDirectory() as place:
        workspace = Workspace(Path(place))
        started = time.process_time()
        done = fit_samples(model, samples, training, SEED, workspace, 300.0, lambda _: None)
        seconds = time.process_time() - started
    return {"pace": done.tokens / seconds, "loss": done.points[-1].loss, "seconds": seconds}


def fill(packs: Sequence[Pack], size: int) -> float:
    """The share of a batch's places that hold a token, in batches of like length."""
    held = read = 0
    places = list(EpochOrder([sum(map(len, each)) for each in packs], size, SEED))
    for first in range(0, len(places), size):
        lengths = [sum(map(len, packs[place])) for place in places[first : first + size]]
        held += sum(lengths)
        read += max(lengths) * len(lengths)
    return held / read


def best(run: Callable[[], dict[str, float]], repeat: int) -> dict[str, float]:
    """The fastest of some runs: on a shared machine the others are slowed by strangers."""
    return max((run() for _ in range(repeat)), key=lambda found: found["pace"])


def compare(rows: Sequence[TrainingRow], repeat: int) -> dict[str, Any]:
    """Both loops, and packing against padding; prints the table."""
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as place:
        files = ModelFiles("benchmark", Path(place))
        make_llama(Path(place), width=256, layers=4, heads=4)
        found = {
            "leaderkit": best(lambda: by_leaderkit(recipe(), rows, files), repeat),
            "plain loop": best(lambda: by_hand(recipe(), rows, files), repeat),
        }
        one_epoch = {"max_steps": None, "rows": 16}
        padded, packed = recipe(**one_epoch), recipe(**one_epoch, packing=True, batch_size=2)
        found["padded, one epoch"] = best(lambda: by_leaderkit(padded, rows, files), 1)
        found["packed, one epoch"] = best(lambda: by_leaderkit(packed, rows, files), 1)
        assert padded.model is not None
        assert padded.training is not None
        base = load(files, padded.model, padded.training)
        encoder = PromptEncoder(base.tokenizer, padded.prompt)
        samples = make_samples(rows, encoder, limits_for(base, padded.training)).samples
    single = [(sample,) for sample in samples]
    packs = pack(samples, 256)
    for name, each in found.items():
        print(f"{name:20} {each['pace']:8.0f} tokens/s   last loss {each['loss']:.3f}")
    ratio = found["leaderkit"]["pace"] / found["plain loop"]["pace"]
    gain = found["packed, one epoch"]["pace"] / found["padded, one epoch"]["pace"]
    print(f"\n{ratio:6.2f}  leaderkit / plain loop (at least 0.9)")
    print(f"{gain:6.2f}  packed / padded")
    print(
        f"{len(samples)} samples in {len(packs)} sequences of at most 256 tokens; places that hold "
        f"a token: padded {fill(single, 8):.1%}, packed {fill(packs, 2):.1%}"
    )
    return {"runs": found, "ratio": ratio, "packed": gain}


def on_gpu(rows: Sequence[TrainingRow]) -> dict[str, Any]:
    """:func:`qlora_and_generation` over more than a billion parameters. Ends without a GPU."""
    import torch

    if not torch.cuda.is_available():
        print("There is no GPU here: --gpu needs one (leaderkit doctor).", file=sys.stderr)
        sys.exit(NO_GPU)
    return qlora_and_generation(rows, width=2048, layers=16, heads=32)


def qlora_and_generation(
    rows: Sequence[TrainingRow], *, width: int, layers: int, heads: int
) -> dict[str, Any]:
    """QLoRA over random weights, then answers of base and adapter by the engine that is chosen."""
    from submission.generation.generate import Job, generate
    from submission.runs.ledger import Ledger

    with tempfile.TemporaryDirectory() as place:
        files = ModelFiles("benchmark", Path(place) / "model")
        make_llama(files.folder, width=width, layers=layers, heads=heads)
        wanted = recipe(
            method="qlora", dtype="bfloat16", optimizer="paged_adamw_8bit",
            gradient_checkpointing=True, batch_size=16,
        )  # fmt: skip
        adapter = Path(place) / "adapter"
        training = train(wanted, rows, adapter, base=files, seed=SEED)
        print(f"QLoRA: {training.summary()}")
        asked = wanted.model_copy(
            update={"model": Model(name=str(files.folder), adapter=str(adapter))}
        )
        contest = find_competition("sample-wallpaper")
        job = Job("benchmark", asked, contest, SAMPLE.with_name("test.csv"))
        with Ledger(Path(place) / "ledger.db") as book, PeakMemory() as peak:
            answered = generate(job, book, lambda _: None)
    pace = answered.completion_tokens / answered.seconds
    gpu = "" if peak.gpu_mib is None else f", {peak.gpu_mib:.0f} MiB of GPU memory in this process"
    print(
        f"generation: {answered.completion_tokens} tokens by {answered.engine} in "
        f"{answered.seconds:.1f} s, {pace:.0f} tokens/s, {peak.mib or 0:.0f} MiB of memory{gpu}"
    )
    return {
        "training": training.as_json(),
        "generation": {
            "engine": answered.engine,
            "tokens": answered.completion_tokens,
            "seconds": answered.seconds,
            "tokens_per_second": pace,
            "peak_memory_mib": peak.mib,
            "gpu_peak_memory_mib": peak.gpu_mib,
        },
    }


def main() -> None:
    """Read the options, run, print, and keep the figures where --json says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--gpu", action="store_true")
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    rows = read_training(find_competition("sample-wallpaper").profile, SAMPLE)
    found = on_gpu(rows) if arguments.gpu else compare(rows, arguments.repeat)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
