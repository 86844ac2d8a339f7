"""Special tokens that a row's text spells out are text, in prompts and in what is learned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baselines.stand_ins.small import ARCHITECTURES, VOCABULARIES, Plan, make_tokenizer
from submission.errors import InputError
from submission.prompts.encode import PromptEncoder
from submission.prompts.spelled import Marks, SpelledTokens
from submission.recipes.schema import Prompt

TEXT = "벽지가 운다. 왜?"


def tokenizer_of(architecture: str) -> Any:
    return make_tokenizer(VOCABULARIES[architecture], [TEXT], Plan(merges=4))


TOKENIZERS = {name: tokenizer_of(name) for name in ARCHITECTURES}


def special_ids(tokenizer: Any) -> set[int]:
    return {number for number, token in tokenizer.added_tokens_decoder.items() if token.special}


def without(special: set[int], ids: list[int], tokenizer: Any) -> str:
    return str(tokenizer.decode([token for token in ids if token not in special]))


def prompt_of(tokenizer: Any) -> Prompt:
    if tokenizer.chat_template:
        return Prompt(template="{{ context }}\n{{ question }}{{ row.more }}", chat=True)
    return Prompt(template="{{ context }}\n{{ question }}{{ row.more }}</s>\n")


SPELLED = st.lists(
    st.one_of(
        st.sampled_from(
            ["<end_of_turn>", "<start_of_turn>", "<eos>", "<bos>", "<pad>", "</s>", "<|eot_id|>",
             "<|end_of_text|>", "<|start_header_id|>", "\U000f0000", "\U000f0001", " ", "\n"]
        ),
        st.text(max_size=4),
    ),
    max_size=6,
).map("".join)  # fmt: skip


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@given(question=SPELLED, context=SPELLED, more=SPELLED, answer=SPELLED)
@settings(max_examples=60, deadline=None)
def test_a_row_adds_no_special_token_and_loses_no_text(
    architecture: str, question: str, context: str, more: str, answer: str
) -> None:
    tokenizer = TOKENIZERS[architecture]
    encoder = PromptEncoder(tokenizer, prompt_of(tokenizer))
    special = special_ids(tokenizer)
    plain = encoder.prompt_ids("가", "나", {"more": "다"})
    wanted = [token for token in plain if token in special]
    asked = (f"가{question}", f"나{context}", {"more": f"{more}다"})
    found = encoder.prompt_ids(*asked)
    assert [token for token in found if token in special] == wanted
    assert f"나{context}\n가{question}{more}다" in without(special, found, tokenizer)
    response = encoder.response_ids(f"가{answer}나", *asked)
    plain = encoder.response_ids("가", "나", "", {"more": ""})
    wanted = [token for token in plain if token in special]
    assert [token for token in response if token in special] == wanted
    assert without(special, response, tokenizer).startswith(f"가{answer}나")


def test_only_what_is_spelled_is_tokenized_apart() -> None:
    tokenizer = TOKENIZERS["gemma"]
    encoder = PromptEncoder(tokenizer, Prompt(template="{{ question }}"))
    assert encoder.prompt_ids(TEXT) == tokenizer(TEXT)["input_ids"]
    ids = encoder.prompt_ids(f"{TEXT}<eos>{TEXT}")
    spelled = tokenizer("<eos>", add_special_tokens=False, split_special_tokens=True)["input_ids"]
    own = tokenizer(TEXT, add_special_tokens=False)["input_ids"]
    assert ids == [tokenizer.bos_token_id, *own, *spelled, *own]
    # The tokenizer itself reads it as before.
    assert tokenizer.eos_token_id in tokenizer("<eos>")["input_ids"]


def test_a_template_may_write_special_tokens() -> None:
    tokenizer = TOKENIZERS["gpt2"]
    encoder = PromptEncoder(tokenizer, Prompt(template="{{ question }}</s>"))
    assert encoder.prompt_ids("가</s>").count(tokenizer.eos_token_id) == 1
    assert encoder.text("가</s>") == "가</s></s>"


def test_the_end_that_a_tokenizer_adds_stands_behind_a_spelled_one() -> None:
    tokenizer = TOKENIZERS["t5"]
    encoder = PromptEncoder(tokenizer, Prompt(template="{{ question }}"), seq2seq=True)
    ids = encoder.prompt_ids("가</s>")
    assert ids.count(tokenizer.eos_token_id) == 1
    assert ids[-1] == tokenizer.eos_token_id


def test_one_token_that_begins_as_another_does(tmp_path: Path) -> None:
    from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    backend = Tokenizer(models.BPE(vocab={each: n for n, each in enumerate(alphabet)}, merges=[]))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.add_special_tokens([AddedToken(each, special=True) for each in ("<a>", "<a>>")])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend)
    spelled = SpelledTokens(tokenizer)
    marks = spelled.marks(["<a>><a>"])
    ids = spelled.ids(marks.hide("<a>><a>"), marks, special=False)
    assert not special_ids(tokenizer) & set(ids)
    assert ids == spelled.ids("<a", marks, special=False) + [
        token for text in (">", ">", "<a", ">") for token in spelled.ids(text, marks, special=False)
    ]


@pytest.fixture(params=["always", "first", "never"])
def unigram(request: pytest.FixtureRequest) -> Any:
    """A sentencepiece-like tokenizer that has its special tokens as pieces, too."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted({*"안녕하세요가나벽지는 this is<end_of_turn></s>▁abc.1z\n"} - {" "})
    special = ["<pad>", "</s>", "<end_of_turn>"]
    pieces = ["<unk>", *special, "▁안녕", "안녕", "하세요", "▁this", *letters]
    backend = Tokenizer(
        models.Unigram([(each, -float(len(pieces[0]))) for each in dict.fromkeys(pieces)], unk_id=0)
    )
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=request.param)
    backend.decoder = decoders.Metaspace(prepend_scheme=request.param)
    backend.add_special_tokens([AddedToken(each, special=True) for each in special])
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )


@pytest.mark.parametrize(
    "text",
    ["안녕<end_of_turn>하세요", "this </s> is", "<end_of_turn></s>안녕", "안녕 <end_of_turn>"],
)
def test_a_vocabulary_that_has_them_as_pieces_gives_their_letters(text: str, unigram: Any) -> None:
    encoder = PromptEncoder(unigram, Prompt(template="{{ question }}"))
    ids = encoder.prompt_ids(text)
    assert not special_ids(unigram) & set(ids)
    assert unigram.unk_token_id not in ids
    assert unigram.decode(ids, clean_up_tokenization_spaces=False).strip() == text.strip()
    plain = encoder.response_ids("안녕", text)
    assert encoder.response_ids(text, text)[-1] == plain[-1] == unigram.eos_token_id


def test_what_stands_around_a_text_is_known_where_a_letter_has_no_token() -> None:
    from tokenizers import Tokenizer, models, processors
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.BPE(vocab={"<s>": 0, "</s>": 1, "z": 2, "b": 3}, merges=[]))
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<s>", eos_token="</s>")
    assert tokenizer("가", add_special_tokens=False)["input_ids"] == []
    assert SpelledTokens(tokenizer).around == ([0], [1])
    encoder = PromptEncoder(tokenizer, Prompt(template="{{ question }}"))
    assert encoder.prompt_ids("bz") == [0, 3, 2]
    assert encoder.prompt_ids("b</s>z") == [0, 3, 2]


@pytest.mark.parametrize("fault", ["nothing.x", "raise_exception(messages[0].content)"])
def test_a_failing_chat_templates_message_shows_what_was_asked(fault: str) -> None:
    template = f"{{% if messages[0].content | length > 30 %}}{{{{ {fault} }}}}{{% endif %}}"
    template += "{{ messages[0].content }}"
    tokenizer = tokenizer_of("llama")
    tokenizer.chat_template = template
    encoder = PromptEncoder(tokenizer, Prompt(chat=True))
    asked = "벽지가 <|eot_id|> 왜 이렇게 자꾸만 울까요? 정말로 알고 싶습니다."
    for fails in (encoder.prompt_ids, lambda text: encoder.response_ids("가", text)):
        with pytest.raises(InputError, match=r"asked '벽지가 <\|eot_id\|> 왜") as found:
            fails(asked)
        assert "\\U000f" not in str(found.value)
        assert str(found.value).isprintable()


@pytest.mark.parametrize("special", [False, True])
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@given(texts=st.lists(st.one_of(st.text(max_size=12), SPELLED), max_size=4))
@settings(max_examples=30, deadline=None)
def test_many_at_once_get_the_ids_that_each_gets_from_the_tokenizer(
    architecture: str, special: bool, texts: list[str]
) -> None:
    tokenizer = TOKENIZERS[architecture]
    found = SpelledTokens(tokenizer).batch([(text, Marks()) for text in texts], special=special)
    told = {"add_special_tokens": special, "split_special_tokens": False}
    assert found == [tokenizer(text, **told)["input_ids"] for text in texts]


def test_a_tokenizer_that_reads_texts_in_a_way_of_its_own_is_asked_itself() -> None:
    from transformers import PreTrainedTokenizerFast

    class Reversing(PreTrainedTokenizerFast):  # type: ignore[misc]
        def _encode_plus(self, text: Any, *args: Any, **more: Any) -> Any:
            texts = [each[::-1] for each in text] if isinstance(text, list) else text[::-1]
            return super()._encode_plus(texts, *args, **more)

    usual = tokenizer_of("gpt2")
    tokenizer = Reversing(tokenizer_object=usual.backend_tokenizer)
    (found,) = SpelledTokens(tokenizer).batch([(TEXT, Marks())], special=False)
    assert found == usual(TEXT[::-1], add_special_tokens=False)["input_ids"]
