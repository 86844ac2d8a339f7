"""Makes the small stand-in model in ``data_sample/embedded`` from the project's own Korean text.

``python -m baselines.stand_ins.embedded --out FOLDER`` takes some minutes on two CPU cores. The
result is a language model of plain prose and knows nothing of questions and answers: teaching it
those is what the demo's fine-tuning does.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rich_click as click

from evaluators.encoders.torch_support import quiet_transformers
from submission.adapters.load import share
from submission.files.atomic import atomic_folder
from submission.tables import read_table
from submission.terminal.output import say

DATA = Path(__file__).parents[2] / "data_sample"
END = "</s>"
PAD = "<pad>"


@dataclass(frozen=True)
class Plan:
    """Size of the model and how long it learns. Heads are 64 wide, which every engine runs."""

    vocabulary: int = 3000
    width: int = 192
    layers: int = 4
    context: int = 512
    epochs: int = 40
    batch: int = 2
    learning_rate: float = 2e-3
    warmup: int = 100
    seed: int = 20240501


def documents() -> list[str]:
    """Answers, questions and articles of the training files as single texts, each once."""
    wallpaper = read_table(DATA / "wallpaper" / "train.csv")
    news = read_table(DATA / "news" / "train.csv")
    columns = [name for name in wallpaper.columns if name.startswith(("질문_", "답변_"))]
    texts = [text for name in columns for text in wallpaper.column(name)]
    texts += news.column("context")
    return list(dict.fromkeys(text.strip() for text in texts if text.strip()))


def make_tokenizer(texts: list[str], plan: Plan) -> Any:
    """A byte-level BPE tokenizer: any text goes in and comes out again."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=plan.vocabulary,
            special_tokens=[PAD, END],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END,
        pad_token=PAD,
        model_max_length=plan.context,
        clean_up_tokenization_spaces=False,
    )


def make_model(tokenizer: Any, plan: Plan) -> Any:
    """The untrained network."""
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=len(tokenizer),
            n_positions=plan.context,
            n_embd=plan.width,
            n_layer=plan.layers,
            n_head=plan.width // 64,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            bos_token_id=tokenizer.eos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    model.loss_type = "ForCausalLM"  # the class name does not say it, which would be warned of
    return model


def blocks(encoded: list[list[int]], plan: Plan, epoch: int) -> Iterator[Any]:
    """One epoch's batches: the documents in a new order, end to end, cut to the context.

    What is left of the last block opens the first one again, so that every text is seen.
    """
    import torch

    order = torch.randperm(len(encoded), generator=torch.Generator().manual_seed(plan.seed + epoch))
    stream = torch.tensor([token for place in order.tolist() for token in encoded[place]])
    missing = -len(stream) % plan.context
    rows = torch.cat([stream, stream[:missing]]).view(-1, plan.context)
    for start in range(0, len(rows), plan.batch):
        yield rows[start : start + plan.batch]


def fit(model: Any, encoded: list[list[int]], plan: Plan) -> Iterator[tuple[int, float]]:
    """Train in place; yields (epoch, its mean loss)."""
    import torch

    total = plan.epochs * sum(1 for _ in blocks(encoded, plan, 0))
    decayed = [tensor for tensor in model.parameters() if tensor.ndim > 1]
    others = [tensor for tensor in model.parameters() if tensor.ndim == 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}],
        lr=plan.learning_rate,
        betas=(0.9, 0.95),
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, plan.learning_rate, total_steps=total, pct_start=min(0.5, plan.warmup / total)
    )
    model.train()
    for epoch in range(plan.epochs):
        losses = []
        for batch in blocks(encoded, plan, epoch):
            loss = model(input_ids=batch, labels=batch).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            losses.append(loss.item())
        yield epoch, sum(losses) / len(losses)
    model.eval()


def save(model: Any, tokenizer: Any, folder: Path) -> None:
    """Write model and tokenizer; weights take half precision on disk and float32 in memory."""
    import torch

    with quiet_transformers():
        model.to(torch.float16).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    config = folder / "config.json"
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace('"dtype": "float16"', '"dtype": "float32"'), encoding="utf-8")
    share(folder)


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="New folder.")
def main(out: Path) -> None:
    """Train the stand-in model and its tokenizer."""
    import torch

    plan = Plan()
    start = time.monotonic()
    with atomic_folder(out) as folder:
        torch.manual_seed(plan.seed)
        texts = documents()
        tokenizer = make_tokenizer(texts, plan)
        end = tokenizer.eos_token_id
        encoded = [[*tokenizer(text)["input_ids"], end] for text in texts]
        model = make_model(tokenizer, plan)
        say(
            f"{len(texts)} texts, {sum(map(len, encoded))} tokens, "
            f"{model.num_parameters()} parameters."
        )
        for epoch, loss in fit(model, encoded, plan):
            spent = time.monotonic() - start
            say(f"epoch {epoch + 1}/{plan.epochs}  loss {loss:.3f}  {spent:.0f} s")
        save(model, tokenizer, folder)


if __name__ == "__main__":
    main()
