"""Competition folders that declare nothing usable."""

from __future__ import annotations

from tests.bad_input.case import GENERATE, SUBMIT, Case, swap
from tests.bad_input.world import COMPETITION, Content

SHOW = "competitions shop"
FILE = "shop/competition.toml"


def _changed(name: str, old: str, new: str, *says: str) -> Case:
    if old not in COMPETITION:
        raise ValueError(f"{old!r} is not in the declaration")
    content = COMPETITION.replace(old, new, 1)
    return Case(f"competition: {name}", SHOW, (FILE, *says), {FILE: content})


def _template(name: str, template: str, *says: str) -> Case:
    content = COMPETITION.replace('question = "질문"', f"template = {template!r}", 1)
    return Case(f"competition template: {name}", GENERATE, ("Template", *says), {FILE: content})


def _whole(name: str, content: Content, *says: str) -> Case:
    return Case(f"competition: {name}", SHOW, says, {FILE: content})


CASES = [
    Case(
        "competition: unknown name",
        "competitions dacon-236218",
        ("No competition 'dacon-236218'", "Did you mean 'dacon-2362", "path of a folder"),
    ),
    Case(
        "competition: unknown name in another command",
        swap(GENERATE, "-c shop", "-c shops"),
        ("No competition 'shops'", "Known: ", "in all)"),
    ),
    Case(
        "competition: a folder without a declaration",
        "competitions folder",
        ("folder: a competition folder needs a competition.toml",),
    ),
    Case("competition: a folder that is not there", "competitions ./nowhere", ("'./nowhere'",)),
    Case("competition: a file", "competitions ./test.csv", ("No competition './test.csv'",)),
    _whole("bad TOML", 'name = "shop\n', FILE, "not valid TOML", "line 1"),
    _whole("a key twice", 'name = "a"\nname = "b"\n', FILE, "not valid TOML", "line 2"),
    _whole("not utf-8", 'name = "상점"\n'.encode("cp949"), FILE, "not UTF-8", "Save it as UTF-8"),
    _whole("nested too deeply", f"a = {'[' * 5000}", FILE, "nested too deeply"),
    _whole("empty", "", FILE, "'name' is missing", "'test' is missing", "'score' is missing"),
    _changed("unknown key", "title", "titel", "unknown key 'titel'", "'title' is missing"),
    _changed("key of another type", '"상점"', "3", "'title'", "valid string", "got 3"),
    _changed("format that is none", 'answer = "답변"', 'answer = "답변"\nformat = "xlsx"',
             "'submission.format'", "'csv', 'json' or 'jsonl'", "got 'xlsx'"),
    _changed("dimension 0", "dimension = 4 }", "dimension = 0 }", "greater than 0"),
    _changed("vectors and encoder of different length", "dimension = 4 }", "dimension = 8 }",
             "submission.vectors.dimension is 8, encoder.dimension is 4"),
    _changed("vectors without an encoder", '[encoder]\nname = "offline"\ndimension = 4\n', "",
             "need an [encoder]"),
    _changed("question and template", 'question = "질문"',
             'question = "질문"\ntemplate = "{{ row }}"',
             "'test'", "exactly one of 'question' and 'template'"),
    _changed("neither question nor template", 'question = "질문"\n', "",
             "exactly one of 'question' and 'template'"),
    _changed("column that is not declared", 'question = "질문"', 'question = "물음"',
             "not among 'columns': 물음"),
    _changed("nothing to submit", 'answer = "답변"\nvectors = { dimension = 4 }', "",
             "declare 'answer', 'answers' or 'vectors'"),
    _changed("JSON with vectors", 'answer = "답변"', 'answer = "답변"\nformat = "json"',
             "JSON submission", "no 'vectors'"),
    _changed("no terms", 'terms = [{ metric = "cosine" }]', "terms = []", "exactly one of 'terms'"),
    _changed("weight that is no number", 'metric = "cosine" }', 'metric = "cosine", weight = nan }',
             "'score.terms.0.weight'", "finite"),
    _changed("scale 0", 'name = "cosine"', 'name = "cosine"\nscale = 0', "'score.scale'"),
    _changed("public share above 1", 'title = "상점"', 'title = "상점"\npublic_share = 40',
             "'public_share'", "less than 1"),
    _changed("several problems at once", 'title = "상점"', 'titel = 1\ndaily_submissions = "3"',
             "3 problems", "unknown key 'titel'", "'title' is missing", "'daily_submissions'"),
    _changed("certainty that is none", 'title = "상점"\n',
             'title = "상점"\ncertainty = {a = "X"}\n', "'certainty.a'", "'H', 'M-H', 'M' or 'L'"),
    _template("syntax error", "{% for x in row %}", "line 1", "end of template"),
    _template("unknown name", "{{ rows }}", "'rows' is undefined"),
    _template("unknown column", '{{ row["물음"] }}', "no attribute '물음'"),
    _template("unknown filter", "{{ row | shout }}", "'shout'"),
    _template("sandbox escape", "{{ ''.__class__.__mro__ }}", "'__class__'", "unsafe"),
    _template("sandbox escape through a call", "{{ cycler.__init__.__globals__ }}", "unsafe"),
    _template("expression that fails", "{{ row + 1 }}", "unsupported operand"),
    _template("division by zero", "{{ 1 // (row | length - 2) }}", "by zero"),
    _template("endless range", "{{ range(10**9) | list }}", "Range too big"),
    _template("another file", "{% include '/etc/passwd' %}", "no loader"),
    Case(
        "competition: metric that is not there",
        "score -c shop --predictions predictions.csv --references references.csv --rows out.csv",
        ("no metric 'kosine'", "cosine"),
        {FILE: COMPETITION.replace('"cosine" }', '"kosine" }')},
    ),
    Case(
        "competition: submit to JSON without a JSON template",
        swap(swap(SUBMIT, "out.csv", "out.json"), "-c shop", "-c ./shop"),
        ("template.csv", ".json"),
        {
            FILE: COMPETITION.replace("vectors = { dimension = 4 }", 'format = "json"').replace(
                'metric = "cosine"', 'metric = "jaccard"'
            )
        },
    ),
]  # fmt: skip
