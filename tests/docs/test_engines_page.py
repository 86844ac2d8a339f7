"""The table of abilities says what the engines themselves say."""

from __future__ import annotations

import re

from submission.engines.abilities import Ability
from submission.engines.choose import abilities, engines
from tests.docs.blocks import ROOT

PAGE = (ROOT / "docs" / "engines.md").read_text("utf-8")


def test_the_table_of_abilities_is_what_the_engines_declare() -> None:
    header, *rows = [
        [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        for line in re.findall(
            r"^\| (?:`\w+`|Ability) \|.* (?:yes|no|`ray`) \|$", PAGE, re.MULTILINE
        )
    ]
    names = header[2:]
    declared = {name: abilities(engines()[name].load()) for name in names}
    assert {row[0]: dict(zip(names, row[2:], strict=True)) for row in rows} == {
        ability.value: {name: "yes" if ability in declared[name] else "no" for name in names}
        for ability in Ability
    }


def test_every_installed_engine_is_on_the_page() -> None:
    named = set(re.findall(r"`(\w+)`", PAGE))
    assert set(engines()) <= named
