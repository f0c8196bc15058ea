"""What a checklist is made of: items as data, each with the reason for it and the way it is proved."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Kind(StrEnum):
    """Who proves an item: keyward alone, keyward and a person who confirms, or a person alone."""

    AUTO = "auto"
    SEMI = "semi"
    ATTEST = "attest"


class SubjectKind(StrEnum):
    """What a list can be run for."""

    PROJECT = "project"
    PROVIDER = "provider"
    MACHINE = "machine"
    PERSON = "person"
    KEY = "key"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a list is run for: a cloud project, a provider, this machine (by its host name), a person, a key (by its full id)."""

    kind: SubjectKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.name}"


@dataclass(frozen=True, slots=True)
class Item:
    """One item.

    `id` is unique among all lists; `version` is raised when the meaning changes, and statements about an earlier one end then. `why` says
    what can happen, `how` what a person does, step by step. `check` names the evaluator, empty where a person alone can tell; `rules` are
    the rules of hygiene that it asks, `needs` the providers and stores that must have been read for an answer, `want` what else the evaluator
    is told. A statement of a person holds for `attest_days` and answers `fields`; with `sign_off` another person must agree. `practice`
    names what of the source documents it stands for; `source` where the practice or a fact is from, `checked` when that was last compared.
    `off` says why the item was left out; it is shown, and never judged.
    """

    id: str
    title: str
    why: str
    kind: Kind
    how: tuple[str, ...] = ()
    check: str = ""
    rules: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    want: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    attest_days: int = 180
    fields: tuple[str, ...] = ()
    sign_off: bool = False
    practice: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    checked: date | None = None
    version: int = 1
    off: str = ""


@dataclass(frozen=True, slots=True)
class Checklist:
    """A list with all its items, those of other lists included.

    `about` are the kinds of subjects that it can be run for; `subject` is what it is run for when nobody says, empty where somebody must.
    `file` is where it was read, empty for one that keyward brings.
    """

    id: str
    version: int
    title: str
    why: str
    about: tuple[SubjectKind, ...]
    items: tuple[Item, ...]
    subject: str = ""
    file: str = ""

    def item(self, named: str) -> Item | None:
        """The item of that id."""
        return next((one for one in self.items if one.id == named), None)

    @property
    def rules(self) -> tuple[str, ...]:
        """Every rule of hygiene that some item asks."""
        return tuple(dict.fromkeys(rule for one in self.items if not one.off for rule in one.rules))
