"""Prompts into token ids, special tokens once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from submission.errors import InputError
from submission.prompts.encode import PromptEncoder, stop_tokens
from submission.recipes.schema import Prompt
from submission.tables import JsonText
from submission.tables.table import Row
from tests.models import tokenizer_with

TOKENS = ["<pad>", "<bos>", "<eos>", "<start_of_turn>", "<end_of_turn>"]
PAD, BOS, EOS, START, END = range(5)
# As Gemma's: the template itself writes BOS.
GEMMA = """\
{{ bos_token }}{% for message in messages %}<start_of_turn>{{ message.role }}
{{ message.content }}<end_of_turn>
{% endfor %}{% if add_generation_prompt %}<start_of_turn>assistant
{% endif %}"""
UPPER = GEMMA.replace("{{ message.content }}", "{{ message.content | upper }}").replace(
    "<start_of_turn>assistant\n", "<start_of_turn>model\n"
)


@pytest.fixture(scope="module")
def tokenizer_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A byte-level tokenizer that puts BOS before every text, as Llama's and Gemma's do."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tokenizer")
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: number for number, token in enumerate([*TOKENS, *alphabet])}
    backend = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.add_special_tokens([AddedToken(text, special=True) for text in TOKENS])
    backend.post_processor = processors.TemplateProcessing(
        single="<bos> $A", special_tokens=[("<bos>", BOS)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="<pad>", bos_token="<bos>", eos_token="<eos>"
    ).save_pretrained(folder)
    return folder


@pytest.fixture
def tokenizer(tokenizer_files: Path) -> Any:
    from transformers import AutoTokenizer

    loaded = AutoTokenizer.from_pretrained(tokenizer_files)
    loaded.chat_template = GEMMA
    return loaded


def test_the_tokenizer_writes_bos_before_a_plain_text(tokenizer: Any) -> None:
    """Else the tests below would prove nothing."""
    assert tokenizer("가")["input_ids"][0] == BOS


@pytest.mark.parametrize("system", [None, "짧게 답한다."])
def test_a_chat_has_bos_once(tokenizer: Any, system: str | None) -> None:
    prompt = Prompt(chat=True, system=system)
    ids = PromptEncoder(tokenizer, prompt).prompt_ids("벽지는?")
    assert ids[0] == BOS
    assert ids.count(BOS) == 1
    assert ids.count(START) == (3 if system else 2)
    assert ids.count(END) == (2 if system else 1)
    assert tokenizer.decode(ids) == PromptEncoder(tokenizer, prompt).text("벽지는?")


def test_a_plain_prompt_has_bos_once_or_not_at_all(tokenizer: Any) -> None:
    with_bos = PromptEncoder(tokenizer, Prompt()).prompt_ids("가")
    without = PromptEncoder(tokenizer, Prompt(special_tokens=False)).prompt_ids("가")
    assert with_bos == [BOS, *without]
    assert BOS not in without


def test_the_template_sees_question_context_and_row(tokenizer: Any) -> None:
    prompt = Prompt(template="{{ context }}|{{ row.층 }}|{{ question }}")
    assert PromptEncoder(tokenizer, prompt).text("?", "글", {"층": "3층"}) == "글|3층|?"


def test_the_row_can_be_written_as_json(tokenizer: Any) -> None:
    row = Row({"id": 0, "n": 1}, ("R0", "3"))
    encoder = PromptEncoder(tokenizer, Prompt(template="{{ row | tojson }}"))
    assert encoder.text("?", "", row) == '{"id": "R0", "n": "3"}'


def test_special_tokens_within_json_are_text(tokenizer: Any) -> None:
    row = {"turns": JsonText('["<eos>"]'), "cell": '["\\u003cend_of_turn>"]'}
    template = "{{ row.turns[0] }}{{ (row.cell | fromjson)[0] }}"
    encoder = PromptEncoder(tokenizer, Prompt(template=template))
    ids = encoder.prompt_ids("?", "", row)
    assert EOS not in ids
    assert END not in ids
    assert tokenizer.decode(ids[1:]) == encoder.text("?", "", row) == "<eos><end_of_turn>"


def test_the_template_sees_options_and_labels(tokenizer: Any) -> None:
    template = (
        "{{ question }}{% for label, option in options %} ({{ label }}) {{ option }}{% endfor %}"
        " {{ labels | join('/') }}"
    )
    encoder = PromptEncoder(tokenizer, Prompt(template=template))
    options = [("A", "<eos>"), ("B", "나")]
    assert encoder.text("?", options=options) == "? (A) <eos> (B) 나 A/B"
    ids = encoder.prompt_ids("?", options=options)
    assert EOS not in ids
    assert encoder.text("?") == "? "


def test_a_chats_response_ends_its_turn(tokenizer: Any) -> None:
    encoder = PromptEncoder(tokenizer, Prompt(chat=True))
    response = encoder.response_ids("종이입니다.", "벽지는?")
    assert tokenizer.decode(response) == "종이입니다.<end_of_turn>\n"
    assert BOS not in response
    # Training sees what a finished conversation is in the model's own template.
    messages = [
        {"role": "user", "content": "벽지는?"},
        {"role": "assistant", "content": "종이입니다."},
    ]
    whole = tokenizer.apply_chat_template(messages, tokenize=True, return_dict=False)
    assert encoder.prompt_ids("벽지는?") + response == list(whole)


def test_a_plain_response_ends_with_the_end_of_sequence(tokenizer: Any) -> None:
    encoder = PromptEncoder(tokenizer, Prompt())
    response = encoder.response_ids("가", "벽지는?")
    assert response[-1] == EOS
    assert BOS not in response
    assert tokenizer.decode(response) == "가<eos>"


def test_a_template_that_rewrites_the_prompt_once_answered_is_refused(tokenizer: Any) -> None:
    tokenizer.chat_template = UPPER
    with pytest.raises(InputError, match=r"what is trained would differ.*prompt\.chat=false"):
        PromptEncoder(tokenizer, Prompt(chat=True)).response_ids("가", "벽지는?")


def test_a_chat_needs_a_template(tokenizer: Any) -> None:
    tokenizer.chat_template = None
    with pytest.raises(InputError, match="no chat template"):
        PromptEncoder(tokenizer, Prompt(chat=True))


def test_an_end_that_does_not_exist_cannot_be_learned(tokenizer: Any) -> None:
    tokenizer.eos_token = None
    with pytest.raises(InputError, match="no end-of-sequence token"):
        PromptEncoder(tokenizer, Prompt()).response_ids("가", "벽지는?")


def test_stops_are_told_apart(tokenizer: Any) -> None:
    ids, texts = stop_tokens(tokenizer, ["<end_of_turn>", "\n질문:", "</s>", "<eos>"])
    assert ids == [END, EOS]
    assert texts == ["\n질문:", "</s>"]
    assert stop_tokens(tokenizer, []) == ([], [])


def test_a_decoders_prompt_has_no_end_that_the_tokenizer_adds() -> None:
    told: list[str] = []
    adding = tokenizer_with(after="</s>")
    plain = tokenizer_with()
    encoder = PromptEncoder(adding, Prompt(), say=told.append)
    assert adding("벽지는?")["input_ids"][-1] == adding.eos_token_id
    for question in ("벽지는?", "벽지</s>는?"):
        assert encoder.prompt_ids(question) == PromptEncoder(plain, Prompt()).prompt_ids(question)
    response = PromptEncoder(plain, Prompt()).response_ids("종이", "벽지는?")
    assert encoder.response_ids("종이", "벽지는?") == response
    (note,) = told
    assert "'</s>'" in note


def test_an_end_that_the_template_writes_stays() -> None:
    encoder = PromptEncoder(tokenizer_with(after="</s>"), Prompt(template="{{ question }}</s>"))
    assert encoder.prompt_ids("벽지는?").count(tokenizer_with().eos_token_id) == 1


def test_an_encoders_prompt_keeps_its_end() -> None:
    told: list[str] = []
    adding = tokenizer_with(after="</s>")
    encoder = PromptEncoder(adding, Prompt(), seq2seq=True, say=told.append)
    assert encoder.prompt_ids("벽지는?") == adding("벽지는?")["input_ids"]
    assert not told


@pytest.mark.parametrize(
    "prompt",
    [
        Prompt(template="<bos>{{ question }}"),
        Prompt(template="<bos><bos>{{ question }}"),
        Prompt(template="\n<bos>{{ question }}"),
        Prompt(template=" \n<bos>\n <bos>{{ question }}"),
        Prompt(template="<bos>{{ question }}", special_tokens=False),
        Prompt(chat=True),
    ],
)
def test_a_beginning_that_template_and_tokenizer_write_stands_once(prompt: Prompt) -> None:
    told: list[str] = []
    twice = tokenizer_with(before="<bos>", special=["<bos>"])
    twice.chat_template = "<bos>" + GEMMA
    encoder = PromptEncoder(twice, prompt, say=told.append)
    for question in ("벽지는?", "<bos>타일은?"):
        ids = encoder.prompt_ids(question)
        assert ids[0] == twice.bos_token_id
        assert ids.count(twice.bos_token_id) == 1
    assert len(told) == (1 if prompt.special_tokens else 0)


def test_white_space_between_two_beginnings_stays() -> None:
    twice = tokenizer_with(before="<bos>", special=["<bos>"])
    encoder = PromptEncoder(twice, Prompt(template="\n<bos> {{ question }}"))
    plain = PromptEncoder(twice, Prompt(template="\n {{ question }}"))
    assert encoder.prompt_ids("벽지는?") == plain.prompt_ids("벽지는?")


@pytest.mark.parametrize(
    ("prompt", "who"),
    [
        (Prompt(chat=True), "by the template;"),
        (Prompt(template="<bos>{{ question }}"), "by the template and the tokenizer;"),
        (Prompt(template="<bos><bos>{{ question }}", special_tokens=False), "by the template;"),
    ],
)
def test_it_is_said_who_writes_a_second_beginning(prompt: Prompt, who: str) -> None:
    told: list[str] = []
    twice = tokenizer_with(before="<bos>", special=["<bos>"])
    twice.chat_template = "<bos><bos>{{ messages[0].content }}"
    PromptEncoder(twice, prompt, say=told.append).prompt_ids("벽지는?")
    assert who in told[0]


@pytest.mark.parametrize(
    ("prompt", "chat"),
    [
        (Prompt(chat=True), "{% for m in messages %}{{ m.content }}</s>{% endfor %}"),
        (Prompt(chat=True), "{% for m in messages %}{{ m.content }}</s>\n {% endfor %}"),
        (Prompt(template="{{ question }}</s>"), None),
        (Prompt(template="{{ question }}</s>\n", special_tokens=False), None),
    ],
)
def test_an_end_before_the_answer_is_warned_of_once(prompt: Prompt, chat: str | None) -> None:
    told: list[str] = []
    tokenizer = tokenizer_with()
    tokenizer.chat_template = chat
    encoder = PromptEncoder(tokenizer, prompt, say=told.append)
    for question in ("벽지는?", "타일은?"):
        encoder.prompt_ids(question)
    (warning,) = told
    assert warning.startswith("Warning: prompts end with '</s>'")
    assert ("add_generation_prompt" in warning) == prompt.chat


def test_an_end_that_a_row_spells_or_an_encoder_reads_is_not_warned_of() -> None:
    told: list[str] = []
    prompt = Prompt(template="{{ question }}")
    PromptEncoder(tokenizer_with(), prompt, say=told.append).prompt_ids("벽지</s>")
    ended = Prompt(template="{{ question }}</s>")
    PromptEncoder(tokenizer_with(), ended, seq2seq=True, say=told.append).prompt_ids("벽지")
    assert not told
