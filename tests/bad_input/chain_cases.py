"""holdout, train, merge and run."""

from __future__ import annotations

from tests.bad_input.case import HOLDOUT, MERGE, RUN, TRAIN, Case, swap
from tests.bad_input.world import COMPETITION, EXPERIMENT, rows

TRAINED = 'name = "mine"\n[training]\nepochs = 1\n'
TRAIN_HEAD, TRAIN_SECTION = COMPETITION.index("[train]"), COMPETITION.index("[submission]")
NO_TRAIN = COMPETITION[:TRAIN_HEAD] + COMPETITION[TRAIN_SECTION:]


def _experiment(name: str, old: str, new: str, *says: str) -> Case:
    if old not in EXPERIMENT:
        raise ValueError(f"{old!r} is not in the experiment")
    content = EXPERIMENT.replace(old, new, 1)
    return Case(f"run: {name}", RUN, says, {"experiment.toml": content})


_HOLDOUT = [
    Case("holdout: no train file", HOLDOUT, ("train.csv: there is no such file",),
         {"train.csv": None}),
    Case("holdout: share 0", f"{HOLDOUT} --share 0", ("--share", "between 0 and 1")),
    Case("holdout: share 1", f"{HOLDOUT} --share 1", ("--share", "between 0 and 1")),
    Case("holdout: share that is no number", f"{HOLDOUT} --share half", ("--share", "'half'")),
    Case("holdout: joined above 1", f"{HOLDOUT} --joined 2", ("--joined", "between 0 and 1")),
    Case("holdout: similarity 1", f"{HOLDOUT} --similarity 1", ("--similarity", "between 0 and 1")),
    Case("holdout: seed below 0", f"{HOLDOUT} --seed -1", ("--seed", "negative")),
    Case("holdout: into a folder that is not empty", swap(HOLDOUT, "held", "shop"),
         ("shop", "not empty")),
    Case("holdout: into a file", swap(HOLDOUT, "held", "file"), ("file", "is a file")),
    Case("holdout: competition without train", HOLDOUT, ("'shop' declares no [train]",),
         {"shop/competition.toml": NO_TRAIN}),
    Case("holdout: train without an answer", HOLDOUT, ("train.csv", "row 2", "no answer"),
         {"train.csv": rows("id,질문_1,답변_1", "A,벽지?,")}),
]  # fmt: skip

_TRAIN = [
    Case("train: unknown recipe", swap(TRAIN, "recipe.toml", "gema"), ("No recipe 'gema'",)),
    Case("train: recipe without training", TRAIN, ("'mine' cannot be trained", "[training]"),
         {"recipe.toml": 'name = "mine"\n'}),
    Case("train: recipe without a model", swap(TRAIN, "--model tiny", ""),
         ("'mine' cannot be trained", "[model]"), {"recipe.toml": TRAINED}),
    Case("train: endless", f"{TRAIN} --set training.epochs=inf",
         ("'training.epochs'", "finite number")),
    Case("train: unknown key", f"{TRAIN} --set training.epoch=3", ("unknown key 'training.epoch'",),
         {"recipe.toml": TRAINED}),
    Case("train: no data", TRAIN, ("train.csv: there is no such file",),
         {"recipe.toml": TRAINED, "train.csv": None}),
    Case("train: model folder that is not there", swap(TRAIN, "--model tiny", "--model ./none"),
         ("Model folder ./none does not exist",), {"recipe.toml": TRAINED}),
    Case("train: folder without a model", swap(TRAIN, "--model tiny", "--model ./folder"),
         ("folder", "no config.json"), {"recipe.toml": TRAINED}),
    Case("train: seed below 0", f"{TRAIN} --seed -1", ("--seed", "0<=x")),
    Case("train: every sample too long", f"{TRAIN} --set training.max_length=2",
         ("max_length",), {"recipe.toml": TRAINED}),
    Case("train: into a file", swap(TRAIN, "--out adapter", "--out file"), ("file", "is a file"),
         {"recipe.toml": TRAINED}),
]  # fmt: skip

_MERGE = [
    Case("merge: no adapter given", "merge --base tiny --out merged", ("--adapter",)),
    Case("merge: folder that is no adapter", MERGE, ("folder", "config.json")),
    Case("merge: base that is not there", swap(MERGE, "--base tiny", "--base ./none"),
         ("./none does not exist",)),
    Case("merge: a model as adapter", swap(MERGE, "--adapter folder", "--adapter ./tiny"),
         ("tiny", "no adapter_config.json")),
    Case("merge: unknown precision", f"{MERGE} --dtype int8", ("--dtype", "'int8'", "float32")),
    Case("merge: prompts that are not there",
         swap(f"{MERGE} --prompts none.csv", "--adapter folder", "--adapter adapter"),
         ("none.csv: there is no such file",),
         {"adapter/adapter_config.json": '{"peft_type": "LORA", "r": 4, "lora_alpha": 4}'}),
]  # fmt: skip

_RUN = [
    Case("run: no experiment", "run none.toml", ("none.toml: there is no such file",)),
    Case("run: bad TOML", RUN, ("experiment.toml", "not valid TOML"),
         {"experiment.toml": "competition = shop"}),
    _experiment("unknown keys, all at once", 'out = "out"', 'outt = "out"\nfresh = 1',
                "3 problems", "unknown key 'outt'", "unknown key 'fresh'", "'out' is missing"),
    _experiment("no cells", '[[cells]]\nname = "first"\nrecipe = "nearest"\n', "",
                "'cells' is missing"),
    _experiment("two cells of one name", "[[cells]]",
                '[[cells]]\nname = "first"\nrecipe = "medoid"\n[[cells]]',
                "two cells are named 'first'"),
    _experiment("baseline that is no cell", 'out = "out"', 'out = "out"\nbaseline = "best"',
                "baseline 'best' is not one of the cells (first)"),
    Case("run: submission without a template", RUN, ("'template' is missing",),
         {"experiment.toml": EXPERIMENT.replace('template = "template.csv"\n', "")
          + "submit = true\n"}),
    _experiment("runs that are no tables", "[[cells]]", 'runs = ["a"]\n[[cells]]',
                "'runs' is called 'cells' now"),
    _experiment("unknown competition", '"shop"', '"shops"', "No competition 'shops'"),
]  # fmt: skip

CASES = [*_HOLDOUT, *_TRAIN, *_MERGE, *_RUN]
