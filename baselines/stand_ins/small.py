"""Small models of the real architectures, taught a little Korean from the project's own text.

``python -m baselines.stand_ins.small [ARCHITECTURE…]`` makes those that are missing and prints
where each is. They stand in for the models of the recipes where there is no hub, no GPU or no time:
same architecture, same chat template and special tokens, same layers' names. What they write is no
answer to anything, which leaves tuning something to teach.

They are kept in ``$LEADERKIT_CACHE``, else in ``~/.cache/leaderkit``, by what they were made from.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import rich_click as click

from baselines.stand_ins.embedded import DATA, documents
from evaluators.encoders.torch_support import quiet_transformers
from submission.adapters.load import share
from submission.files.atomic import atomic_folder
from submission.files.digest import digest
from submission.tables import read_table
from submission.terminal import output

CACHE = "LEADERKIT_CACHE"

GEMMA_CHAT = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message.role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "<start_of_turn>{{ 'model' if message.role == 'assistant' else message.role }}\n"
    "{{ message.content | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
LLAMA_CHAT = (
    "{{ bos_token }}{% for message in messages %}"
    "<|start_header_id|>{{ message.role }}<|end_header_id|>\n\n"
    "{{ message.content | trim }}<|eot_id|>{% endfor %}"
    "{% if add_generation_prompt %}<|start_header_id|>assistant<|end_header_id|>\n\n{% endif %}"
)


@dataclass(frozen=True)
class Vocabulary:
    """A tokenizer's special tokens, as the real one of the architecture has them.

    ``first`` and ``last`` are added around a text that is no chat; ``ends`` end generation.
    """

    pad: str
    end: str
    begin: str | None = None
    others: tuple[str, ...] = ()
    chat: str | None = None
    adds_begin: bool = False
    adds_end: bool = False
    ends: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Sizes and schooling. Heads are 64 wide, which every engine runs."""

    merges: int = 1500
    width: int = 128
    layers: int = 2
    heads: int = 2
    context: int = 1024
    block: int = 128
    batch: int = 8
    steps: int = 250
    seed: int = 20250301


GEMMA = Vocabulary(
    "<pad>", "<eos>", "<bos>", ("<start_of_turn>", "<end_of_turn>"), GEMMA_CHAT, adds_begin=True,
    ends=("<eos>", "<end_of_turn>"),
)  # fmt: skip
LLAMA = Vocabulary(
    "<|pad|>", "<|end_of_text|>", "<|begin_of_text|>",
    ("<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"), LLAMA_CHAT, adds_begin=True,
    ends=("<|end_of_text|>", "<|eot_id|>"),
)  # fmt: skip
VOCABULARIES = {
    "gpt2": Vocabulary("<pad>", "</s>"),
    "gemma": GEMMA,
    "gemma2": GEMMA,
    "llama": LLAMA,
    "t5": Vocabulary("<pad>", "</s>", adds_end=True),
}
ARCHITECTURES = tuple(VOCABULARIES)
RATES = {"gpt2": 2e-3, "gemma": 5e-3, "gemma2": 5e-3, "llama": 5e-3, "t5": 5e-3}
"""Learning rates of the schooling; at the others' GPT-2 learns little."""


def small_model(
    architecture: str, plan: Plan | None = None, say: Callable[[str], None] = lambda _: None
) -> Path:
    """The folder of the small model, which is made where it is not there yet.

    Raises ``KeyError`` for an unknown architecture.
    """
    plan = plan or Plan()
    texts = _texts()
    # How it is made is all in this file.
    made = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    mark = digest([architecture, json.dumps(asdict(plan)), made, *texts])[:12]
    cache = Path(os.environ.get(CACHE) or Path.home() / ".cache" / "leaderkit")
    folder = cache / "small-models" / f"{architecture}-{mark}"
    if not folder.is_dir():
        with atomic_folder(folder) as unfinished:
            make(architecture, unfinished, plan, texts, say)
    return folder


def make(
    architecture: str,
    folder: Path,
    plan: Plan,
    texts: Sequence[str],
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Make the model and its tokenizer and write them into ``folder``; same plan, same weights."""
    import torch

    vocabulary = VOCABULARIES[architecture]
    tokenizer = make_tokenizer(vocabulary, texts, plan)
    torch.manual_seed(plan.seed)
    model = make_model(architecture, tokenizer, plan)
    teach = _denoise if architecture == "t5" else _continue
    batches = teach(tokenizer, texts, plan)
    for step, loss in enumerate(_fit(model, batches, plan, RATES[architecture])):
        if step % 25 == 0 or step == plan.steps - 1:
            say(f"{architecture}: step {step + 1}/{plan.steps}, loss {loss:.3f}")
    with quiet_transformers():
        model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    share(folder)


def make_tokenizer(vocabulary: Vocabulary, texts: Sequence[str], plan: Plan) -> Any:
    """A byte-level BPE tokenizer with the architecture's special tokens and chat template."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    known = [vocabulary.pad, vocabulary.end, vocabulary.begin, *vocabulary.others]
    special = [token for token in known if token]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=len(special) + len(alphabet) + plan.merges,
            special_tokens=special,
            initial_alphabet=alphabet,
            show_progress=False,
        ),
    )
    begin = f"{vocabulary.begin} " if vocabulary.adds_begin else ""
    end = f" {vocabulary.end}" if vocabulary.adds_end else ""
    if begin or end:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{begin}$A{end}",
            special_tokens=[(token, tokenizer.token_to_id(token)) for token in special],
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=vocabulary.pad,
        eos_token=vocabulary.end,
        bos_token=vocabulary.begin,
        additional_special_tokens=list(vocabulary.others),
        chat_template=vocabulary.chat,
        model_max_length=plan.context,
        clean_up_tokenization_spaces=False,
    )


def make_model(architecture: str, tokenizer: Any, plan: Plan) -> Any:
    """The untrained network, with the generation settings that it will be asked with."""
    import torch
    import transformers as hf

    ids = {
        "pad_token_id": tokenizer.pad_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "vocab_size": len(tokenizer),
        "dtype": "float32",
    }
    decoder = {
        **ids,
        "bos_token_id": tokenizer.bos_token_id,
        "hidden_size": plan.width,
        "intermediate_size": 4 * plan.width,
        "num_hidden_layers": plan.layers,
        "num_attention_heads": plan.heads,
        "num_key_value_heads": 1,
        "head_dim": 64,
        "max_position_embeddings": plan.context,
    }
    if architecture == "gpt2":
        model = hf.GPT2LMHeadModel(
            hf.GPT2Config(
                **ids, bos_token_id=tokenizer.eos_token_id, n_positions=plan.context,
                n_embd=plan.width, n_layer=plan.layers, n_head=plan.heads,
                resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
            )
        )  # fmt: skip
        model.loss_type = "ForCausalLM"  # the class name does not say it, which is warned of
    elif architecture == "gemma":
        model = hf.GemmaForCausalLM(hf.GemmaConfig(**decoder))
    elif architecture == "gemma2":
        model = hf.Gemma2ForCausalLM(
            hf.Gemma2Config(
                **decoder, query_pre_attn_scalar=64, sliding_window=plan.context // 2,
                attn_implementation="eager",
            )
        )  # fmt: skip
    elif architecture == "llama":
        model = hf.LlamaForCausalLM(hf.LlamaConfig(**decoder, tie_word_embeddings=False))
    else:
        model = hf.T5ForConditionalGeneration(
            hf.T5Config(
                **ids, d_model=plan.width, d_kv=64, d_ff=4 * plan.width, num_layers=plan.layers,
                num_heads=plan.heads, decoder_start_token_id=tokenizer.pad_token_id,
                feed_forward_proj="gated-gelu", tie_word_embeddings=False,
            )
        )  # fmt: skip
        # T5 1.1 has an output of its own, which transformers keeps in one that it loads and ties in
        # one that it makes.
        output = torch.randn(len(tokenizer), plan.width) * plan.width**-0.5
        model.lm_head.weight = torch.nn.Parameter(output)
    ends = VOCABULARIES[architecture].ends
    if ends:
        model.generation_config.eos_token_id = tokenizer.convert_tokens_to_ids(list(ends))
    return model


def _texts() -> list[str]:
    """The embedded model's texts, and those of the translation and summary samples."""
    texts = documents()
    columns = {"translation/*/train.csv": ("source", "translation"), "summary/train.csv": ()}
    for pattern, names in columns.items():
        for path in sorted(DATA.glob(pattern)):
            table = read_table(path)
            for name in names or ("document", "summary"):
                texts += table.column(name)
    return list(dict.fromkeys(texts))


def _continue(tokenizer: Any, texts: Sequence[str], plan: Plan) -> Iterator[dict[str, Any]]:
    """Plain text, end to end, in blocks drawn again for every step."""
    for ids in _blocks(tokenizer, texts, plan, plan.batch):
        yield {"input_ids": ids, "labels": ids}


def _denoise(tokenizer: Any, texts: Sequence[str], plan: Plan) -> Iterator[dict[str, Any]]:
    """Blocks without the half in their middle, and that half to be written.

    Half of a block is learned, so there are twice as many.
    """
    import torch

    size, half = 2 * plan.batch, plan.block // 2
    gap = torch.full((size, 1), tokenizer.pad_token_id)
    end = torch.full((size, 1), tokenizer.eos_token_id)
    for ids in _blocks(tokenizer, texts, plan, size):
        first = half // 2
        source = torch.cat([ids[:, :first], gap, ids[:, first + half :], end], dim=1)
        target = torch.cat([ids[:, first : first + half], end], dim=1)
        yield {"input_ids": source, "labels": target}


def _blocks(tokenizer: Any, texts: Sequence[str], plan: Plan, size: int) -> Iterator[Any]:
    import torch

    chance = torch.Generator().manual_seed(plan.seed)
    end = tokenizer.eos_token_id
    encoded = tokenizer(list(texts))["input_ids"]
    # T5's tokenizer writes the end itself.
    ended = [ids if ids[-1] == end else [*ids, end] for ids in encoded]
    stream = torch.tensor([token for ids in ended for token in ids])
    while True:
        starts = torch.randint(len(stream) - plan.block, (size,), generator=chance)
        yield torch.stack([stream[start : start + plan.block] for start in starts.tolist()])


def _fit(model: Any, batches: Iterator[dict[str, Any]], plan: Plan, rate: float) -> Iterator[float]:
    """Train in place; yields each step's loss."""
    import torch

    if not plan.steps:
        return
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, rate, total_steps=plan.steps, pct_start=0.1
    )
    model.train()
    for _ in range(plan.steps):
        loss = model(**next(batches)).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        yield loss.item()
    model.eval()


@click.command()
@click.argument("architectures", nargs=-1, type=click.Choice(ARCHITECTURES))
def main(architectures: tuple[str, ...]) -> None:
    """Make the small models that are missing, and print where they are."""
    for architecture in architectures or ARCHITECTURES:
        start = time.monotonic()
        folder = small_model(architecture, say=output.say)
        output.say(f"{architecture}: {time.monotonic() - start:.0f} s")
        output.tell(str(folder))


if __name__ == "__main__":
    main()
