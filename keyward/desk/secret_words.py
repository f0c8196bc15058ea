"""A secret in words: the same on the command line and in the app."""

from collections.abc import Iterator, Mapping
from typing import Any

from keyward.desk.around_words import lines


def fields(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(label, text of one or more lines) of a `keyward.secret/1`."""
    secret = document["secret"]
    yield "id", secret["secret"]
    if secret["created_at"]:
        yield "age", f"{secret['age_days']} d, since {secret['created_at']}"
    if secret["current_version"]:
        yield "version", f"{secret['current_version']} ({secret['version_state']})"
    yield "rotation", secret["rotation"] or "no setting of its store"
    yield "labels", "\n".join(f"{name}={value}" for name, value in document["labels"].items()) or "-"
    yield "keys", "\n".join(secret["keys"]) or "none found"
    yield from around(document)
    yield "scanned", document["scanned_at"] or "never"


def around(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is known around a key or secret, one entry a label."""
    told: dict[str, list[str]] = {}
    for line in lines(document):
        told.setdefault(line.label, []).append(line.text)
    for label, texts in told.items():
        yield label, "\n".join(texts)
