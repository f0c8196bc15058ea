"""The methods on secrets: create, get, list, update, delete."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from keyward.emulator.secretmanager import fields, refusals
from keyward.emulator.secretmanager.filters import compile_filter
from keyward.emulator.secretmanager.pages import cut
from keyward.emulator.secretmanager.resources import Secret
from keyward.emulator.secretmanager.wire import secret_json

if TYPE_CHECKING:
    from keyward.emulator.secretmanager.book import Book
    from keyward.emulator.secretmanager.resources import Guard, Json, Parent, Ref

TYPES = (
    "SECRET_TYPE_UNSPECIFIED",
    "CLOUD_SQL_DB_CREDENTIALS",
    "ACCESS_KEY",
    "CERTIFICATE",
    "OTHER_DB_CREDENTIALS",
    "OTHER",
)
"""Kinds of secret, at the index that the enum has."""


def create(book: Book, ref: Ref, body: Json) -> Json:
    """The new secret, without versions.

    Raises:
        ApiError: INVALID_ARGUMENT for a bad id or field, ALREADY_EXISTS.
    """
    fields.check_secret_id(ref.secret)
    parent = ref.parent
    now = book.clock.now()
    replication = {} if parent.location else fields.read_replication(body)
    if parent.location and body.get("replication"):
        raise refusals.invalid("Secret.replication must not be set on a regional secret.")
    secret = Secret(
        parent=parent,
        secret_id=ref.secret,
        order=book.order(),
        created=now,
        etag=book.etag(now),
        replication=replication,
        secret_type=_secret_type(body.get("secretType")),
    )
    fields.apply(secret, body, set(fields.MASKABLE), now)
    book.put(secret)
    return secret_json(secret)


def get(book: Book, ref: Ref) -> Json:
    """The secret.

    Raises:
        ApiError: NOT_FOUND.
    """
    return secret_json(book.get(ref))


def list_page(book: Book, parent: Parent, *, size: int, token: str, query: str) -> Json:
    """One page of secrets, newest first; `totalSize` only without a filter."""
    wanted = compile_filter(query)
    found = [(secret.order, item) for secret in book.newest_first(parent) if wanted(item := secret_json(secret))]
    page, following = cut(found, size, token)
    answer: Json = {}
    if page:
        answer["secrets"] = page
    if following:
        answer["nextPageToken"] = following
    if found and not query.strip():
        answer["totalSize"] = len(found)
    return answer


def update(book: Book, ref: Ref, body: Json, mask: str, guard: Guard) -> Json:
    """The secret with the masked fields changed, and a new etag.

    Args:
        book: All secrets.
        ref: Which secret.
        body: The fields.
        mask: Comma-separated paths, camelCase or snake_case.
        guard: The etag in the body, if any.

    Raises:
        ApiError: NOT_FOUND, INVALID_ARGUMENT for a missing or unknown mask or a bad field, or the stale status.
    """
    secret = book.get(ref)
    paths = {_snake(path.strip()) for path in mask.split(",") if path.strip()}
    if not paths:
        raise refusals.invalid("update_mask is required.")
    for path in paths:
        if path.split(".", 1)[0] not in fields.MASKABLE:
            raise refusals.invalid(f"update_mask path [{path}] is immutable or unknown.")
    _check_etag(secret, guard)
    now = book.clock.now()
    fields.apply(secret, body, paths, now)
    secret.etag = book.etag(now)
    return secret_json(secret)


def delete(book: Book, ref: Ref, guard: Guard) -> Json:
    """An empty answer; the secret and all its versions are gone.

    Raises:
        ApiError: NOT_FOUND, or the stale status for an etag that does not match.
    """
    secret = book.get(ref)
    _check_etag(secret, guard)
    book.remove(secret)
    return {}


def _secret_type(given: str | int | None) -> str:
    """The name of a kind, which REST clients may send as a number; empty when unspecified."""
    if isinstance(given, int) and 0 <= given < len(TYPES):
        given = TYPES[given]
    if given in {None, "", TYPES[0]}:
        return ""
    if given not in TYPES:
        raise refusals.invalid(f"Secret.secret_type [{given}] is unknown.")
    return str(given)


def _check_etag(secret: Secret, guard: Guard) -> None:
    if guard.blocks(secret.etag):
        raise refusals.stale(secret.name, guard)


def _snake(path: str) -> str:
    field, dot, entry = path.partition(".")
    return re.sub(r"[A-Z]", lambda found: "_" + found[0].lower(), field) + dot + entry
