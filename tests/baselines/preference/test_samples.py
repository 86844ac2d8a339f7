"""What trl learns from is what generation reads and training learns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from baselines.preference.pairs import Pair
from baselines.preference.samples import make_samples
from submission.adapters.load import load_tokenizer
from submission.errors import InputError
from submission.prompts.encode import PromptEncoder
from submission.recipes.schema import Prompt
from tests.models import gpt2

CHAT = (
    "{{ '</s>' }}{% for m in messages %}<{{ m.role }}>{{ m.content }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
PAIR = Pair("왜 우나요?", "벽지 글", {"id": "R0"}, "습기 때문입니다.", "볕")


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return load_tokenizer(gpt2(tmp_path_factory.mktemp("models") / "tiny"))


def test_a_plain_prompt_and_both_answers_end_once(tokenizer: Any) -> None:
    encoder = PromptEncoder(
        tokenizer, Prompt(template="{{ context }} {{ row.id }} {{ question }}:")
    )
    (sample,) = make_samples([PAIR], encoder, 200).samples
    assert tokenizer.decode(sample.prompt) == "벽지 글 R0 왜 우나요?:"
    assert tokenizer.decode(sample.chosen) == "습기 때문입니다.</s>"
    assert tokenizer.decode(sample.rejected) == "볕</s>"


def test_a_chat_has_its_special_tokens_once(tokenizer: Any) -> None:
    tokenizer.chat_template = CHAT
    encoder = PromptEncoder(tokenizer, Prompt(chat=True))
    (sample,) = make_samples([PAIR], encoder, 200).samples
    tokenizer.chat_template = None
    assert list(sample.prompt) == encoder_ids(tokenizer, "</s><user>왜 우나요?</s><assistant>")
    assert tokenizer.decode(sample.chosen) == "습기 때문입니다.</s>"
    assert (*sample.prompt, *sample.rejected).count(tokenizer.eos_token_id) == 3


def encoder_ids(tokenizer: Any, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"])


def test_long_pairs_are_left_out_whole_and_counted(tokenizer: Any) -> None:
    encoder = PromptEncoder(tokenizer, Prompt())
    long = Pair("왜?", "", {}, "열", "볕" * 40)
    found = make_samples([PAIR, long], encoder, 80)
    # A byte is a token, three are a syllable; an answer has its end.
    assert (len(found.samples), found.too_long, found.longest) == (1, 1, 4 + 40 * 3 + 1)
    with pytest.raises(InputError, match=r"None of the 1 pairs has at most 80 tokens.*125"):
        make_samples([long], encoder, 80)


def test_trl_is_given_these_ids_and_adds_none(tokenizer: Any, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM
    from trl import DPOConfig

    from baselines.preference.start import tunable
    from baselines.preference.trainer import PairTrainer, dataset
    from baselines.training.checkpoints import Stopwatch
    from baselines.training.order import EpochOrder
    from submission.recipes.schema import Lora, Preference

    encoder = PromptEncoder(tokenizer, Prompt(template="질문: {{ question }}\n답변:\n"))
    other = Pair("왜 깨지나요?", "", {}, "충격", "추위 때문입니다.")
    samples = make_samples([PAIR, other], encoder, 200).samples
    model = AutoModelForCausalLM.from_pretrained(gpt2(tmp_path / "tiny"))
    trainer = PairTrainer(
        order=EpochOrder([len(each) for each in samples], 2, 0),
        start=False,
        preference=Preference(),
        unseen=None,
        watch=Stopwatch(),
        say=lambda _: None,
        model=tunable(model, Lora(rank=2), None),
        args=DPOConfig(
            output_dir=str(tmp_path / "out"), per_device_train_batch_size=2, report_to="none",
            max_length=None, bf16=False, use_cpu=True,
        ),
        train_dataset=dataset(samples),
        processing_class=tokenizer,
    )  # fmt: skip
    (batch,) = trainer.get_train_dataloader()
    rows = [
        [int(number) for number, read in zip(ids, mask, strict=True) if read]
        for ids, mask in zip(batch["input_ids"], batch["attention_mask"], strict=True)
    ]
    answers = [
        [int(number) for number, learned in zip(ids, mask, strict=True) if learned]
        for ids, mask in zip(batch["input_ids"], batch["completion_mask"], strict=True)
    ]
    order = list(EpochOrder([len(each) for each in samples], 2, 0))
    wanted = [samples[place] for place in order]
    assert rows == [
        *([*each.prompt, *each.chosen] for each in wanted),
        *([*each.prompt, *each.rejected] for each in wanted),
    ]
    assert answers == [
        *(list(each.chosen) for each in wanted),
        *(list(each.rejected) for each in wanted),
    ]
    assert all(answer[-1] == tokenizer.eos_token_id for answer in answers)
    assert sum(ids.count(tokenizer.eos_token_id) for ids in rows) == 4


def test_a_token_without_an_embedding_is_named_with_its_pair(tokenizer: Any) -> None:
    encoder = PromptEncoder(tokenizer, Prompt())
    last = max(encoder.prompt_ids(PAIR.question))
    with pytest.raises(InputError, match=rf"question '왜 우나요\?': .*\(id {last}\)"):
        make_samples([PAIR], encoder, 200, embeddings=last)
