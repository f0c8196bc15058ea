"""The tables of a definition: which settings each has, how it is read, and what it means. The published JSON Schema says the same."""

# ruff: noqa: RUF009  # `_set` makes a dataclass field; the rule cannot see that

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from keyward.checklists.item import Kind, SubjectKind
from keyward.hygiene.rules import BY_ID
from keyward.model.text import clean
from keyward.settings.readers import day
from keyward.settings.values import number, text, texts, yes_or_no
from keyward.settings.where import nearest

SCHEMA = "keyward.checklist/1"
_ITEM = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+")
_LIST = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_FIELD = re.compile(r"[a-z][a-z0-9_]*")


def _set(read: Callable[[object], Any], default: Any, doc: str, *, required: bool = False) -> Any:
    return field(default=default, metadata={"read": read, "doc": doc, "required": required})


def sentence(value: object) -> str:
    """Read a text that is safe to show.

    Raises:
        ValueError: it is something else, or empty.
    """
    found = clean(text(value)).strip()
    if not found:
        raise ValueError("it is empty")
    return found


def sentences(value: object) -> tuple[str, ...]:
    """Read a list of such texts.

    Raises:
        ValueError: it is something else.
    """
    return tuple(sentence(one) for one in texts(value))


def word(*words: str) -> Callable[[object], str]:
    """A reader that accepts one of these words, and names the nearest."""

    def read(value: object) -> str:
        if value not in words:
            raise ValueError(f"{value!r} is not one of {', '.join(words)}. {nearest(str(value), words).rstrip('.?')}")
        return str(value)

    return read


def some(read: Callable[[object], str]) -> Callable[[object], tuple[str, ...]]:
    """A reader of lists of such words."""
    return lambda value: tuple(read(one) for one in texts(value))


def _named(pattern: re.Pattern[str], example: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError(f"{value!r} is not a name such as {example}")
        return value

    return read


def rule(value: object) -> str:
    """Read the id of a rule of hygiene that there is.

    Raises:
        ValueError: there is none; names the nearest.
    """
    if value not in BY_ID:
        raise ValueError(f"there is no rule {value!r}. {nearest(str(value), BY_ID).rstrip('.?')}")
    return str(value)


def options(value: object) -> Mapping[str, Any]:
    """Read what an evaluator is told; which names it takes, it knows itself.

    Raises:
        ValueError: it is no table.
    """
    if not isinstance(value, Mapping):
        raise ValueError(f"{value!r} is not a table such as {{ on = ['example.com'] }}")  # noqa: TRY004  # one error type
    return value


item_id, list_id = _named(_ITEM, "acme.reviewed"), _named(_LIST, "acme-service")


@dataclass(frozen=True, slots=True)
class ListTable:
    """What stands in a file before its tables."""

    schema: str = _set(word(SCHEMA), "", f"the form of the file: {SCHEMA}", required=True)
    id: str = _set(list_id, "", "name of the list, such as acme-service", required=True)
    version: int = _set(number, 1, "raised when the list changes", required=True)
    title: str = _set(sentence, "", "what the list is called")
    why: str = _set(sentence, "", "what it is for")
    about: tuple[str, ...] = _set(some(word(*SubjectKind)), (), f"what it can be run for: {', '.join(SubjectKind)}")
    subject: str = _set(sentence, "", "what it is run for when nobody says, such as provider:invideo")
    extends: str = _set(list_id, "", "a list whose title, subjects and items it takes over")
    include: tuple[str, ...] = _set(some(list_id), (), "lists whose items come first")
    take: tuple[str, ...] = _set(some(item_id), (), "single items of other lists")
    sign_off: bool = _set(yes_or_no, False, "true: every statement in it needs another person who agrees")


@dataclass(frozen=True, slots=True)
class ItemTable:
    """One `[[item]]`."""

    id: str = _set(item_id, "", "its name, unique among all lists, such as acme.reviewed", required=True)
    title: str = _set(sentence, "", "what holds when it is done, as a sentence", required=True)
    why: str = _set(sentence, "", "what can happen otherwise", required=True)
    kind: str = _set(
        word(*Kind), "", "auto: keyward proves it; semi: a person confirms; attest: a person says so", required=True
    )
    how: tuple[str, ...] = _set(sentences, (), "what a person does, step by step")
    check: str = _set(text, "", "the evaluator; rules when rules are named")
    rules: tuple[str, ...] = _set(some(rule), (), "rules of hygiene that decide, such as KW-401")
    needs: tuple[str, ...] = _set(texts, (), "providers and stores that must have been read, such as google-api-keys")
    want: Mapping[str, Any] | None = _set(options, None, "what else the evaluator is told")
    attest_days: int = _set(number, 180, "for how many days a statement holds")
    fields: tuple[str, ...] = _set(
        some(_named(_FIELD, "policy_url")), (), "what a statement answers, such as policy_url"
    )
    sign_off: bool = _set(yes_or_no, False, "true: another person has to agree")
    practice: tuple[str, ...] = _set(sentences, (), "which practice of which document it stands for")
    source: tuple[str, ...] = _set(sentences, (), "where the practice or a fact in it is from")
    checked: date | None = _set(day, None, "when that was last compared, such as 2026-11-20")
    version: int = _set(number, 1, "raised when the meaning changes; earlier statements end then")


@dataclass(frozen=True, slots=True)
class OverrideTable:
    """One `[[override]]`: what is otherwise with an item of another list. None says nothing."""

    item: str = _set(item_id, "", "the item's name", required=True)
    title: str | None = _set(sentence, None, "what holds when it is done")
    why: str | None = _set(sentence, None, "what can happen otherwise")
    kind: str | None = _set(word(*Kind), None, "auto, semi or attest")
    how: tuple[str, ...] | None = _set(sentences, None, "what a person does, step by step")
    attest_days: int | None = _set(number, None, "for how many days a statement holds")
    fields: tuple[str, ...] | None = _set(some(_named(_FIELD, "policy_url")), None, "what a statement answers")
    sign_off: bool | None = _set(yes_or_no, None, "true: another person has to agree")
    want: Mapping[str, Any] | None = _set(options, None, "what the evaluator is told")
    version: int | None = _set(number, None, "raised when the meaning changes")


@dataclass(frozen=True, slots=True)
class DisableTable:
    """One `[[disable]]`: an item that is left out, and why. It stays visible with that reason."""

    item: str = _set(item_id, "", "the item's name", required=True)
    reason: str = _set(sentence, "", "why it is left out", required=True)
