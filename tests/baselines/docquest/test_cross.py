"""A cross-encoder fine-tuned as a scorer, and used as a reranker."""

from __future__ import annotations

from pathlib import Path

import pytest

from submission.cli import run
from submission.recipes.retrieval import Retrieval
from submission.retrieval.rerank import Reranker
from submission.retrieval.search import Index
from submission.retrieval.useful import load_scorer


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small BERT whose tokens are syllables."""
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    folder = tmp_path_factory.mktemp("bert")
    letters = sorted(
        set("한다라시청역강은는어디에언제지었나요있얼마나긴가? 번년km0123456789.길이의")
    )
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{c}" for c in letters)]
    (folder / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=64, num_labels=1,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    return folder


def test_a_cross_encoder_is_trained_measured_saved_and_used(base: Path, tmp_path: Path) -> None:
    documents, questions = tmp_path / "d.csv", tmp_path / "q.csv"
    towns = [a + b for a in "한다라" for b in "시청역강"]
    documents.write_text(
        "id,text\n" + "".join(f"{n},{town}은 {n}번길에 있다.\n" for n, town in enumerate(towns)),
        encoding="utf-8",
    )
    questions.write_text(
        "question,gold\n"
        + "".join(f"{town}은 어디에 있나요?,{n}\n" for n, town in enumerate(towns)),
        encoding="utf-8",
    )
    index, scorer = str(tmp_path / "index"), tmp_path / "scorer"
    assert run(["index", str(documents), "--out", index]) == 0
    command = ["docquest", "train", str(questions), "--index", index, "--out", str(scorer)]
    assert run([*command, "--model", str(base), "--epochs", "1", "--candidates", "4"]) == 0
    assert (scorer / "model.safetensors").is_file()
    found = next(Index(index).search(["한시은 어디에 있나요?"], Retrieval(k=3)))
    useful = load_scorer(str(scorer)).useful("한시은 어디에 있나요?", found, Index(index))
    assert len(useful) == 3
    assert all(0 < each < 1 for each in useful)

    ranked = next(Index(index).search(["한시은"], Retrieval(k=12, rerank=str(scorer))))
    assert [each.scores["reranked"] for each in ranked] == sorted(
        (each.scores["reranked"] for each in ranked), reverse=True
    )
    scores = Reranker(str(scorer)).scores("한시은", [ranked[0].text])
    assert scores[0] == pytest.approx(ranked[0].score, abs=1e-5)
