"""robots.txt, as RFC 9309 reads it, with ``Crawl-delay``."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import quote, unquote

MOST = 512 << 10
"""Bytes of a robots.txt that are read."""


@dataclass(frozen=True)
class Rule:
    """A path with ``*`` and ``$``, and whether it may be fetched."""

    allow: bool
    path: str

    def matches(self, target: str) -> bool:
        """Whether the rule speaks of ``target``."""
        # Part by part from the left: a regular expression of many stars could take for ever.
        whole = self.path.endswith("$")
        first, *others = self.path.removesuffix("$").split("*")
        if not target.startswith(first):
            return False
        last = others.pop() if whole and others else None
        at = len(first)
        for part in others:
            found = target.find(part, at)
            if found < 0:
                return False
            at = found + len(part)
        if last is not None:
            return target.endswith(last) and len(target) - len(last) >= at
        return not whole or at == len(target)


@dataclass
class Robots:
    """What a server allows to one agent."""

    rules: list[Rule] = field(default_factory=list)
    delay: float = 0.0
    refusal: str = "is not allowed by the server's robots.txt"
    """What is said of a page that may not be fetched."""

    def allows(self, target: str) -> bool:
        """Whether ``target`` may be fetched: by the longest rule, of equals by the kinder."""
        written = _written(target)
        found = [rule for rule in self.rules if rule.matches(written)]
        return max(found, key=lambda rule: (len(rule.path), rule.allow), default=_ALL).allow


_ALL = Rule(allow=True, path="")


def nothing(reason: str) -> Robots:
    """The rules of a server whose robots.txt cannot be had: it may have some."""
    told = f"is left out with all of its server, whose robots.txt cannot be had: {reason}"
    return Robots([Rule(allow=False, path="/")], refusal=told)


def parse(text: str, agent: str) -> Robots:
    """The rules for ``agent``, else those for ``*``."""
    groups: dict[str, Robots] = {}
    current: list[Robots] = []
    naming = False
    for line in text.removeprefix("\ufeff").splitlines():
        name, colon, value = line.partition("#")[0].partition(":")
        name, value = name.strip().lower(), value.strip()
        if not colon:
            continue
        if name == "user-agent":
            current = current if naming else []
            current.append(groups.setdefault(value.lower(), Robots()))
            naming = True
            continue
        naming = False
        for group in current:
            _add(group, name, value)
    return groups.get(agent.lower()) or groups.get("*") or Robots()


def _add(group: Robots, name: str, value: str) -> None:
    if name in ("allow", "disallow") and value:
        group.rules.append(Rule(name == "allow", _written(value)))
    elif name == "crawl-delay":
        try:
            group.delay = max(group.delay, float(value))
        except ValueError:
            return


def _written(path: str) -> str:
    # /도배 and /%eb%8f%84%eb%b0%b0 are one path; what is written as %2F stays a part of a name.
    kept = path.replace("%2F", "%252F").replace("%2f", "%252F")
    return quote(unquote(kept), safe="/%:@!$&'()*+,;=~-._?")
