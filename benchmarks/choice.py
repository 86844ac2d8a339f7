"""What a choice among four labels costs, and whether it is right as often as lm-eval's.

    python benchmarks/choice.py [--engine NAME] [--rows N] [--tokens N] [--repeat N]
                                [--lm-eval PYTHON] [--json FILE]

The model has kogpt2's shape with random weights (see generate.py); prompts are random tokens that
share nothing, and prefix caches are emptied before each measurement. Contenders: the prompts alone
(one new token each), leaderkit's labels in one pass, leaderkit's whole options of several tokens,
and one request per option, as lm-eval asks. Seconds are medians over the repetitions, without
loading. The accuracies are those of the embedded model on data_sample/choice; with ``--lm-eval``,
the Python of an environment that has lm-eval 0.4.13, its numbers are computed anew, else they are
the ones kept in tests/golden.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
GOLDEN = ROOT / "tests" / "golden" / "lm_eval_choice.json"
EMBEDDED = ROOT / "data_sample" / "embedded"
SAMPLE = ROOT / "data_sample" / "choice"
TEMPLATE = "질문: {{ question }}\n답변:"
VOCABULARY = 51_200
OPTION_TOKENS = 12
MOST_PREFILLS, FEWEST_TIMES = 1.3, 4.0
METRICS = {
    ("labels", "sum"): "acc",
    ("options", "sum"): "acc",
    ("options", "character"): "acc_norm",
    ("options", "byte"): "acc_bytes",
}


def main() -> None:
    """Measure, print and judge."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--engine", choices=["vllm", "transformers"], default="vllm")
    parser.add_argument("--rows", type=int, default=48)
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--lm-eval", metavar="PYTHON")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    seconds = measure(given.engine, given.rows, given.tokens, given.repeat)
    cost = seconds["labels"] / seconds["prompts"]
    times = seconds["one request per option"] / seconds["labels"]
    print(f"{given.engine}: {given.rows} prompts of {given.tokens} tokens, 4 options each")
    for name, value in seconds.items():
        print(f"  {name:40} {value:8.2f} s  {value / seconds['prompts']:5.2f} prefills")
    print(f"  four labels cost {cost:.2f} prefills (at most {MOST_PREFILLS})")
    print(f"  {times:.1f} times one request per option (at least {FEWEST_TIMES:g})")
    accuracies = compare_accuracies(given.lm_eval)
    for name, (ours, theirs) in accuracies.items():
        print(f"  {name:40} leaderkit {ours:.4f}  lm-eval {theirs:.4f}")
    if given.json:
        found = {"seconds": seconds, "prefills": cost, "times": times, "accuracies": accuracies}
        given.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    equal = all(abs(ours - theirs) < 1e-9 for ours, theirs in accuracies.values())
    if cost > MOST_PREFILLS or times < FEWEST_TIMES or not equal:
        sys.exit(1)


def measure(name: str, rows: int, tokens: int, repeat: int) -> dict[str, float]:
    """Seconds of each contender on an engine that is loaded once."""
    from benchmarks.generate import make_model
    from submission.engines.base import EngineContext
    from submission.engines.choose import make_engine
    from submission.recipes import Recipe

    draw = random.Random(0)  # noqa: S311
    with tempfile.TemporaryDirectory() as folder:
        make_model(Path(folder))
        recipe = {
            "name": "benchmark",
            "model": {"name": folder},
            "engine": {"name": name, "dtype": "float32", "batch_tokens": 4096},
            "sampling": {"max_tokens": 1},
            "choice": {},
        }
        engine: Any = make_engine(EngineContext(Recipe.model_validate(recipe)))
        engine.start()
        ids = [[draw.randrange(2, VOCABULARY) for _ in range(tokens)] for _ in range(rows)]
        options = {
            length: [tuple(draw.randrange(2, VOCABULARY) for _ in range(length)) for _ in "ABCD"]
            for length in (1, OPTION_TOKENS)
        }
        separate = _vllm_alone if name == "vllm" else _transformers_alone
        contenders: dict[str, Callable[[], object]] = {
            "prompts": lambda: _answered(engine, ids, None),
            "labels": lambda: _answered(engine, ids, options[1]),
            f"options of {OPTION_TOKENS} tokens": lambda: _answered(
                engine, ids, options[OPTION_TOKENS]
            ),
            "one request per option": lambda: separate(
                engine, [[*each, *option] for each in ids for option in options[1]]
            ),
        }
        found: dict[str, list[float]] = {contender: [] for contender in contenders}
        try:
            _answered(engine, ids[:4], options[1])
            for _ in range(repeat):
                for contender, answer in contenders.items():
                    if name == "vllm":
                        engine._llm.reset_prefix_cache()
                    started = time.perf_counter()
                    answer()
                    found[contender].append(time.perf_counter() - started)
        finally:
            engine.close()
    return {contender: statistics.median(values) for contender, values in found.items()}


def _answered(
    engine: Any, ids: Sequence[Sequence[int]], options: Sequence[tuple[int, ...]] | None
) -> None:
    from submission.engines.base import Request
    from submission.prompts.choices import Choices
    from submission.records.rows import Question

    labels = tuple("ABCD")
    choices = None if options is None else Choices(labels, labels, tuple(options))
    requests = [
        Request(str(place), Question(str(place), "", "", {}), "", tuple(each), choices=choices)
        for place, each in enumerate(ids)
    ]
    assert sum(len(step) for step in engine.complete(requests)) == len(requests)


def _vllm_alone(engine: Any, sequences: Sequence[Sequence[int]]) -> None:
    from vllm import SamplingParams

    sampling = SamplingParams(max_tokens=1, temperature=0.0, prompt_logprobs=1, detokenize=False)
    prompts = [{"prompt_token_ids": list(each)} for each in sequences]
    engine._llm.generate(prompts, sampling, use_tqdm=False)


def _transformers_alone(engine: Any, sequences: Sequence[Sequence[int]]) -> None:
    """Batches of as many tokens as the engine's, with the logits of the last position alone."""
    import torch

    size = max(1, 4096 // len(sequences[0]))
    for start in range(0, len(sequences), size):
        batch = torch.tensor(sequences[start : start + size])
        with torch.inference_mode():
            engine._model(batch[:, :-1], logits_to_keep=1).logits.log_softmax(-1)


def compare_accuracies(python: str | None) -> dict[str, tuple[float, float]]:
    """leaderkit's accuracy beside lm-eval's, by method and normalization."""
    theirs = json.loads(GOLDEN.read_text("utf-8"))["tasks"]
    gold = {row["id"]: row["gold"] for row in theirs["labels"]["rows"]}
    if python is not None:
        theirs = _lm_eval(python, gold)
    return {
        f"{method}, {normalize} ({metric})": (
            _accuracy(method, normalize, gold),
            float(theirs[method][metric]),
        )
        for (method, normalize), metric in METRICS.items()
    }


def _accuracy(method: str, normalize: str, gold: dict[str, str]) -> float:
    from submission.competitions import find_competition
    from submission.generation.generate import Job, generate
    from submission.recipes import Recipe
    from submission.runs.answers import run_answers
    from submission.runs.ledger import Ledger

    recipe = Recipe.model_validate(
        {
            "name": "benchmark",
            "model": {"name": "embedded"},
            "engine": {"name": "transformers", "dtype": "float32"},
            "prompt": {"template": TEMPLATE},
            "sampling": {"max_tokens": 1},
            "choice": {"method": method, "normalize": normalize, "others": "generate"},
        }
    )
    with tempfile.TemporaryDirectory() as place, Ledger(Path(place) / "ledger.db") as ledger:
        competition = find_competition("sample-choice")
        generate(Job("run", recipe, competition, SAMPLE / "test.csv"), ledger, lambda _: None)
        answers = {answer.id: answer.text for answer in run_answers(ledger, "run")}
    return sum(answers[row] == label for row, label in gold.items()) / len(gold)


def _lm_eval(python: str, gold: dict[str, str]) -> dict[str, dict[str, float]]:
    """lm-eval's accuracies on the same model and prompts, computed by its own command."""
    from evaluators.text.options import labelled_options
    from submission.competitions import find_competition
    from submission.records.read import read_questions

    profile = find_competition("sample-choice").profile
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        rows = []
        for question in read_questions(profile, SAMPLE / "test.csv"):
            if question.id in gold:
                labels, options = zip(*labelled_options(question.text), strict=True)
                prompt = TEMPLATE.replace("{{ question }}", question.text)
                right = labels.index(gold[question.id])
                rows.append({"prompt": prompt, "labels": labels, "options": options, "gold": right})
        lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        (folder / "rows.jsonl").write_text(lines, "utf-8")
        for kind in ("labels", "options"):
            (folder / f"{kind}.yaml").write_text(_task(kind, folder / "rows.jsonl"), "utf-8")
        command = [
            python, "-m", "lm_eval", "--model", "hf",
            "--model_args", f"pretrained={EMBEDDED},dtype=float32",
            "--tasks", "leaderkit_labels,leaderkit_options", "--include_path", place,
            "--device", "cpu", "--batch_size", "8", "--output_path", str(folder / "out"),
        ]  # fmt: skip
        subprocess.run(command, check=True, capture_output=True, cwd=place)
        found = json.loads(next((folder / "out").rglob("results_*.json")).read_text("utf-8"))
    return {
        kind: {
            name: found["results"][f"leaderkit_{kind}"][f"{name},none"]
            for name in ("acc", "acc_norm", "acc_bytes")
        }
        for kind in ("labels", "options")
    }


def _task(kind: str, rows: Path) -> str:
    return f"""\
task: leaderkit_{kind}
dataset_path: json
dataset_kwargs: {{data_files: {{test: {rows}}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{prompt}}}}"
doc_to_choice: "{{{{{kind}}}}}"
doc_to_target: gold
target_delimiter: " "
metric_list: [{{metric: acc}}, {{metric: acc_norm}}, {{metric: acc_bytes}}]
"""


if __name__ == "__main__":
    main()
