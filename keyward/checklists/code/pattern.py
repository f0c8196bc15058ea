"""Patterns of lines that weaken a program, as data: one file in `patterns/` a topic, read strictly."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any

from keyward.checklists.code.languages import LANGUAGES

ANY = "any"


@dataclass(frozen=True, slots=True)
class Pattern:
    """One pattern.

    `find` is a regular expression over a whole text, `languages` where it is looked for (`any`: in every one that is known). With `code`
    what stands in quotes does not count, where that can be told. `what` says what such a line does, `instead` what to write, `source` where
    it is documented.
    """

    id: str
    languages: frozenset[str]
    find: re.Pattern[str]
    what: str
    instead: str
    source: str
    code: bool = False

    def fits(self, language: str) -> bool:
        """Whether it is looked for in files of that language."""
        return ANY in self.languages or language in self.languages


@cache
def patterns(topic: str) -> tuple[Pattern, ...]:
    """All patterns of a topic, such as `certificate-checks`.

    Raises:
        ValueError: one is not as it should be; that is a mistake of keyward's own, which the tests find.
    """
    text = (files("keyward.checklists.code") / "patterns" / f"{topic}.toml").read_text("utf-8")
    found = tuple(_pattern(one) for one in tomllib.loads(text)["pattern"])
    if len({one.id for one in found}) < len(found):
        raise ValueError(f"{topic}: two patterns have one id")
    return found


def _pattern(table: Mapping[str, Any]) -> Pattern:
    names = {one.name for one in fields(Pattern)}
    languages = frozenset(table["languages"])
    if table.keys() - names or languages - LANGUAGES - {ANY}:
        raise ValueError(f"{table.get('id')}: {sorted(table.keys() - names) or sorted(languages - LANGUAGES)}")
    return Pattern(**{**table, "languages": languages, "find": re.compile(table["find"], re.MULTILINE)})
