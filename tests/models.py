"""Small models of the real architectures, with random weights, made where the tests run."""

from __future__ import annotations

from pathlib import Path

END, PAD, UNKNOWN = "</s>", "<pad>", "<unk>"


def byte_tokenizer(folder: Path) -> int:
    """Write a byte-level tokenizer that round-trips any text; returns its vocabulary's size."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate([PAD, END, UNKNOWN, *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(text, special=True) for text in (PAD, END, UNKNOWN)])
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token=PAD, eos_token=END, unk_token=UNKNOWN
    ).save_pretrained(folder)
    return len(vocabulary)


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
