"""Small models of the real architectures, with random weights, made where the tests run."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

END, PAD, UNKNOWN = "</s>", "<pad>", "<unk>"


def tokenizer_with(*, before: str = "", after: str = "", special: Iterable[str] = ()) -> Any:
    """A byte-level tokenizer that round-trips any text, with ``special`` tokens besides its own.

    It puts the special tokens ``before`` and ``after`` around every text, as published ones do.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    own = [PAD, END, UNKNOWN]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate([*own, *alphabet, *special])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(text, special=True) for text in [*own, *special]])
    if before or after:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{before} $A {after}".strip(),
            special_tokens=[(text, vocabulary[text]) for text in {before, after} - {""}],
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        unk_token=UNKNOWN,
        bos_token=before or None,
    )


def byte_tokenizer(folder: Path) -> int:
    """Write :func:`tokenizer_with` nothing more; returns its vocabulary's size."""
    tokenizer = tokenizer_with()
    tokenizer.save_pretrained(folder)
    return len(tokenizer)


def gpt2(
    folder: Path, *, seed: int = 0, layers: int = 2, width: int = 64, context: int = 512
) -> Path:
    """A GPT-2 with a byte-level tokenizer."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    folder.mkdir(parents=True, exist_ok=True)
    size = byte_tokenizer(folder)
    torch.manual_seed(seed)
    config = GPT2Config(
        vocab_size=size, n_positions=context, n_embd=width, n_layer=layers, n_head=width // 64 or 1,
        bos_token_id=1, eos_token_id=1, pad_token_id=0, dtype="float32",
    )  # fmt: skip
    GPT2LMHeadModel(config).save_pretrained(folder)
    return folder


def t5(folder: Path, *, seed: int = 0) -> Path:
    """A T5 with a byte-level tokenizer."""
    import torch
    from transformers import T5Config, T5ForConditionalGeneration

    folder.mkdir(parents=True, exist_ok=True)
    size = byte_tokenizer(folder)
    torch.manual_seed(seed)
    config = T5Config(
        vocab_size=size, d_model=32, d_kv=16, d_ff=64, num_layers=2, num_heads=2,
        pad_token_id=0, eos_token_id=1, decoder_start_token_id=0, dtype="float32",
    )  # fmt: skip
    T5ForConditionalGeneration(config).save_pretrained(folder)
    return folder


THOUGHTS = {
    "가": "<think>\n하늘. 그래서\n</think>\n\n파랑.</s>",
    "나": "<think>\n" + "음 " * 20,
    "다": "빨강. 끝</s>",
    "라": "<think>\n모름</s>",
}
"""What the model of :func:`thinker` completes each question with."""

THINKER_TEMPLATE = (
    "{% for message in messages %}<s>{{ message.role }}\n{{ message.content }}</s>\n{% endfor %}"
    "{% if add_generation_prompt %}<s>assistant\n"
    "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n"
    "{% endif %}{% endif %}"
)
"""As Qwen3's template, it can end the thinking before it begins."""


def thinker(folder: Path) -> Path:
    """A GPT-2 that has learned :data:`THOUGHTS` by heart; its tags are special tokens."""
    import torch
    from torch.nn.functional import cross_entropy
    from transformers import GPT2Config, GPT2LMHeadModel

    tokenizer = tokenizer_with(special=["<s>", "<think>", "</think>"])
    tokenizer.chat_template = THINKER_TEMPLATE
    tokenizer.save_pretrained(folder)
    texts = [
        tokenizer.apply_chat_template(
            [{"role": "user", "content": question}], tokenize=False, add_generation_prompt=True
        )
        + answer
        for question, answer in THOUGHTS.items()
    ]
    batch = tokenizer(texts, return_tensors="pt", padding=True, padding_side="right")
    ids, mask = batch["input_ids"], batch["attention_mask"]
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=len(tokenizer), n_positions=512, n_embd=64, n_layer=2, n_head=2, resid_pdrop=0,
        embd_pdrop=0, attn_pdrop=0, bos_token_id=None, eos_token_id=1, pad_token_id=0,
        dtype="float32",
    )  # fmt: skip
    model = GPT2LMHeadModel(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    labels = ids.masked_fill(mask == 0, -100)[:, 1:]
    threads = torch.get_num_threads()
    # So small a model is faster with one, and does not wait for others on a busy machine.
    torch.set_num_threads(1)
    for _ in range(150):
        logits = model(input_ids=ids, attention_mask=mask).logits[:, :-1]
        loss = cross_entropy(logits.flatten(0, 1), labels.flatten())
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()
    torch.set_num_threads(threads)
    model.save_pretrained(folder)
    return folder
