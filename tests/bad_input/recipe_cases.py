"""Recipes, and what --set and its short forms do to them."""

from __future__ import annotations

from tests.bad_input.case import CONSTANT, GENERATE, PROMPT, Case, swap
from tests.bad_input.world import Content

MINE = "recipes recipe.toml"


def _file(name: str, content: Content, *says: str, command: str = MINE) -> Case:
    return Case(f"recipe: {name}", command, says, {"recipe.toml": content})


def _set(name: str, override: str, *says: str) -> Case:
    return Case(f"recipe --set: {name}", f"{GENERATE} --set '{override}'", says)


def _template(name: str, template: str, *says: str) -> Case:
    content = f'name = "mine"\n[prompt]\ntemplate = """{template}"""\n'
    return Case(f"recipe template: {name}", PROMPT, ("Template", *says), {"recipe.toml": content})


CASES = [
    Case("recipe: unknown name", swap(GENERATE, "nearest", "neerest"),
         ("No recipe 'neerest'", "Did you mean 'nearest'", "or give a TOML file")),
    Case("recipe: unknown variant", swap(GENERATE, "nearest", "nearest:fast"),
         ("Recipe 'nearest' has no variant 'fast': it has none",)),
    Case("recipe: a file that is not there", "recipes ./none.toml",
         ("none.toml", "there is no such file")),
    Case("recipe: a folder", "recipes ./folder", ("folder: is a folder",)),
    _file("unknown variant of a file", 'name = "mine"\n[variants.a]\n[variants.b]\n',
          "no variant 'c': it has a, b", command="recipes recipe.toml:c"),
    _file("bad TOML", "name = mine\n", "recipe.toml", "not valid TOML", "line 1"),
    _file("not utf-8", 'name = "내것"\n'.encode("cp949"), "recipe.toml", "not UTF-8"),
    _file("no name", "about = 'x'\n", "recipe.toml", "'name' is missing"),
    _file("unknown key", 'name = "mine"\ntemperature = 1\n', "unknown key 'temperature'"),
    _file("several wrong types", 'name = 3\nfoo = 1\n[sampling]\nmax_tokens = "many"\ntop_p = 2\n',
          "recipe.toml: 4 problems", "'name'", "unknown key 'foo'", "'sampling.max_tokens'",
          "'sampling.top_p'"),
    _file("variants that are no tables", 'name = "mine"\nvariants = 3\n', "recipe.toml",
          "'variants'", "[variants.NAME]", command="recipes ./recipe.toml:a"),
    _file("a variant that is no table", 'name = "mine"\n[variants]\na = 3\n', "recipe.toml",
          "'variants'", command="recipes ./recipe.toml:a"),
    _file("wrong key in a variant", 'name = "mine"\n[variants.a.sampling]\nmax_token = 3\n',
          "unknown key 'sampling.max_token'", command="recipes ./recipe.toml:a"),
    _file("samples of greedy decoding", 'name = "mine"\n[sampling]\nsamples = 3\n',
          "3 samples of greedy decoding are all the same", "sampling.temperature"),
    _file("engine that is not installed", 'name = "mine"\n[engine]\nname = "vlm"\n',
          "No engine 'vlm'", "Did you mean 'vllm'",
          command=swap(GENERATE, "nearest", "recipe.toml")),
    _file("neither model nor engine", 'name = "mine"\n', "no model", "Set engine.name",
          command=swap(GENERATE, "nearest", "recipe.toml")),
    _file("unknown option of an engine",
          'name = "mine"\n[engine]\nname = "nearest"\n[options]\nk = "3"\n',
          "Engine 'nearest' has no option 'k': it has none",
          command=swap(GENERATE, "nearest", "recipe.toml")),
    Case("recipe: --set for the whole list", "recipes --set a=b", ("give its NAME",)),
    _set("without an equals sign", "sampling.max_tokens", "write it as key=value"),
    _set("without a key", "=3", "write it as key=value"),
    _set("with an empty part", "sampling..max_tokens=3", "write it as key=value"),
    _set("unknown table", "sampler.max_tokens=3", "unknown key 'sampler'"),
    _set("unknown key", "sampling.max_token=3", "unknown key 'sampling.max_token'"),
    _set("wrong type", "sampling.max_tokens=many", "'sampling.max_tokens'", "got 'many'"),
    _set("out of range", "sampling.temperature=-1", "'sampling.temperature'", "greater than"),
    _set("a table by a value", "sampling=3", "'sampling'", "got 3"),
    _set("below a value", "sampling.max_tokens.x=3", "'sampling.max_tokens'", "valid integer"),
    _set("unknown option", "speed=3", "Engine 'nearest' has no option 'speed'"),
    Case("recipe --set: empty constant", swap(CONSTANT, "answer=네", "answer="),
         ("The constant answer is empty",)),
    Case("recipe: no constant known", "generate constant -c shop --test test.csv --run new",
         ("'shop' declares no constant answer", "--set answer=")),
    Case("recipe: answers from train, without it",
         "generate nearest -c shop --test test.csv --run new", ("give --train",)),
    Case("recipe: medoid without train", "generate medoid -c shop --test test.csv --run new",
         ("give --train",)),
    Case("recipe: a model for an engine without one", f"{GENERATE} --model tiny",
         ("Engine 'nearest' uses no model", "'tiny'")),
    Case("recipe: a model engine without a model", f"{GENERATE} --engine transformers",
         ("names no model", "--model")),
    Case("recipe: samples of a recipe without chance", f"{GENERATE} --samples 3",
         ("3 samples of greedy decoding",)),
    Case("recipe: a model folder that is not there", swap(PROMPT, "tiny", "./nowhere"),
         ("Model folder ./nowhere does not exist",)),
    Case("recipe: a folder without a model", swap(PROMPT, "tiny", "./folder"),
         ("folder", "no config.json")),
    _template("syntax error", "{{ question", "line 1", "end of print statement"),
    _template("unknown name", "{{ questoin }}", "'questoin' is undefined"),
    _template("unknown column", "{{ row.물음 }}", "no attribute '물음'"),
    _template("sandbox escape", "{{ ''.__class__.__mro__ }}", "'__class__'", "unsafe"),
    _template("expression that fails", "{{ question + 1 }}", "can only concatenate"),
    Case("recipe: a chat with a model that has none", f"{PROMPT} --set prompt.chat=true",
         ("no chat template", "prompt.chat=false")),
]  # fmt: skip
