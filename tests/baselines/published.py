"""Tokenizers that write chats as the published models' do, with bytes for a vocabulary."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Family(NamedTuple):
    """What a model's tokenizer adds to a text: its special tokens and its chat template.

    ``begins`` is what it puts before a text that is no chat, ``end`` its end of sequence.
    """

    special: tuple[str, ...]
    begins: str | None
    end: str
    chat: str | None = None


# After the tokenizer_config.json files that the models' publishers have on the hub.
GEMMA_CHAT = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}"
    "{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for message in messages %}"
    "{% if message['role'] == 'assistant' %}{% set role = 'model' %}"
    "{% else %}{% set role = message['role'] %}{% endif %}"
    "{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)
LLAMA_3_CHAT = (
    "{{ bos_token }}{% for message in messages %}"
    "{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'"
    " + message['content'] | trim + '<|eot_id|>' }}"
    "{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
_GEMMA = ("<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>")
_LLAMA_3 = (
    "<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>",
    "<|eot_id|>",
)  # fmt: skip

GEMMA_BASE = Family(_GEMMA, "<bos>", "<eos>")
GEMMA = GEMMA_BASE._replace(chat=GEMMA_CHAT)
LLAMA_3 = Family(_LLAMA_3, "<|begin_of_text|>", "<|end_of_text|>", LLAMA_3_CHAT)
LLAMA_2 = Family(("<|endoftext|>",), None, "<|endoftext|>")
QWEN_2 = Family(("<|endoftext|>", "<|im_start|>", "<|im_end|>"), None, "<|im_end|>", CHATML)
GPT_2 = Family(("</s>",), None, "</s>")
T5 = GPT_2

FAMILIES = {
    "embedded": GPT_2,
    "skt/kogpt2-base-v2": GPT_2,
    "42dot/42dot_LLM-SFT-1.3B": LLAMA_2,
    "maywell/Synatra-42dot-1.3B": LLAMA_2,
    "google/gemma-2b": GEMMA_BASE,
    "google/gemma-2-2b-it": GEMMA,
    "meta-llama/Llama-3.1-8B-Instruct": LLAMA_3,
    "vaiv/GeM2-Llamion-14B-Chat": LLAMA_3,
    "Qwen/Qwen2.5-7B-Instruct": QWEN_2,
    "paust/pko-t5-base-finetuned-korquad": T5,
}
"""Each shipped recipe's model, and how its tokenizer writes."""


def save_tokenizer(family: Family, folder: Path) -> Path:
    """Write a tokenizer of that family: every byte is a token, and so is each special token."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate([*family.special, *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(text, special=True) for text in family.special])
    if family.begins is not None:
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{family.begins} $A",
            special_tokens=[(family.begins, vocabulary[family.begins])],
        )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=family.begins, eos_token=family.end,
        pad_token=family.end, chat_template=family.chat,
    ).save_pretrained(folder)  # fmt: skip
    (folder / "config.json").write_text('{"architectures": ["Any"]}', encoding="utf-8")
    return folder
