"""The methods on versions: add, get, list, access, enable, disable, destroy."""

from __future__ import annotations

import base64
import binascii
from datetime import timedelta
from typing import TYPE_CHECKING

import google_crc32c

from keyward.emulator.secretmanager import refusals
from keyward.emulator.secretmanager.filters import compile_filter
from keyward.emulator.secretmanager.pages import cut
from keyward.emulator.secretmanager.resources import State, Version
from keyward.emulator.secretmanager.wire import version_json

if TYPE_CHECKING:
    from keyward.emulator.secretmanager.book import Book
    from keyward.emulator.secretmanager.resources import Guard, Json, Ref, Secret

LARGEST_PAYLOAD = 64 * 1024
"""Bytes that one version can hold."""


def add(book: Book, ref: Ref, payload: Json) -> Json:
    """The new version; repeating the request adds another one, as at Google.

    Args:
        book: All secrets.
        ref: Which secret.
        payload: `data` in base64 and, optionally, `dataCrc32c`.

    Raises:
        ApiError: NOT_FOUND; INVALID_ARGUMENT for a payload that is too large or does not match its checksum.
    """
    secret = book.get(ref)
    version = append(book, secret, _decode(payload.get("data", "")), checksum=_given_checksum(payload))
    return version_json(secret, version)


def append(book: Book, secret: Secret, data: bytes, *, checksum: int | None = None) -> Version:
    """Adds a version that holds `data`; `checksum` is what the writer sent along.

    Raises:
        ApiError: INVALID_ARGUMENT as for `add`.
    """
    if len(data) > LARGEST_PAYLOAD:
        raise refusals.invalid(f"Secret Payload data must not be larger than {LARGEST_PAYLOAD} bytes.")
    actual = int(google_crc32c.value(data))
    if checksum is not None and checksum != actual:
        raise refusals.invalid("The checksum in Secret Payload data_crc32c does not match the data.")
    now = book.clock.now()
    version = Version(
        number=len(secret.versions) + 1,
        created=now,
        etag=book.etag(now),
        payload=data,
        checksum=actual,
        checksum_given=checksum is not None,
    )
    secret.versions.append(version)
    return version


def get(book: Book, ref: Ref) -> Json:
    """The version named by number, alias or `latest`, without its payload.

    Raises:
        ApiError: NOT_FOUND.
    """
    secret, version = _resolve(book, ref)
    return version_json(secret, version)


def list_page(book: Book, ref: Ref, *, size: int, token: str, query: str) -> Json:
    """One page of versions, newest first; `totalSize` only without a filter."""
    secret = book.get(ref)
    wanted = compile_filter(query)
    found = [
        (version.number, item) for version in reversed(secret.versions) if wanted(item := version_json(secret, version))
    ]
    page, following = cut(found, size, token)
    answer: Json = {}
    if page:
        answer["versions"] = page
    if following:
        answer["nextPageToken"] = following
    if found and not query.strip():
        answer["totalSize"] = len(found)
    return answer


def access(book: Book, ref: Ref) -> Json:
    """The payload with its checksum, under the name of the concrete version.

    Raises:
        ApiError: NOT_FOUND; FAILED_PRECONDITION for a version that is not enabled, also when it is the latest.
    """
    secret, version = _resolve(book, ref)
    book.before_access()
    if version.state is not State.ENABLED or version.payload is None:
        raise refusals.version_state(secret.version_name(version), version.state)
    return {
        "name": secret.version_name(version),
        "payload": {"data": base64.b64encode(version.payload).decode(), "dataCrc32c": str(version.checksum)},
    }


def enable(book: Book, ref: Ref, guard: Guard) -> Json:
    """The version, enabled; a delayed destruction is called off.

    Raises:
        ApiError: NOT_FOUND; FAILED_PRECONDITION once destroyed; the stale status for a wrong etag.
    """
    return _change(book, ref, guard, State.ENABLED)


def disable(book: Book, ref: Ref, guard: Guard) -> Json:
    """The version, disabled.

    Raises:
        ApiError: As for `enable`.
    """
    return _change(book, ref, guard, State.DISABLED)


def destroy(book: Book, ref: Ref, guard: Guard) -> Json:
    """The version, destroyed, or disabled with a date of destruction where the secret delays it.

    Raises:
        ApiError: As for `enable`.
    """
    return _change(book, ref, guard, State.DESTROYED)


def _change(book: Book, ref: Ref, guard: Guard, state: State) -> Json:
    secret, version = _resolve(book, ref, aliases=False)
    name = secret.version_name(version)
    if guard.blocks(version.etag):
        raise refusals.stale(name, guard)
    if version.state is State.DESTROYED:
        raise refusals.version_state(name, version.state)
    now = book.clock.now()
    if state is State.DESTROYED and secret.destroy_ttl is not None:
        version.state = State.DISABLED
        version.destroy_at = version.destroy_at or now + timedelta(seconds=secret.destroy_ttl)
        version.etag = book.etag(now)
    elif state is State.DESTROYED:
        book.destroy(version, now)
    elif version.state is not state:
        version.state = state
        version.etag = book.etag(now)
        if state is State.ENABLED:
            version.destroy_at = None
    return version_json(secret, version)


def _resolve(book: Book, ref: Ref, *, aliases: bool = True) -> tuple[Secret, Version]:
    secret, which = book.find(ref), ref.version
    if secret is None or (which == "latest" and not secret.versions):
        raise refusals.no_versions(ref.secret_name)
    if which == "latest":
        return secret, secret.versions[-1]
    named = secret.aliases if aliases else {}
    number = int(which) if which.isascii() and which.isdigit() else named.get(which, 0)
    if not 1 <= number <= len(secret.versions):
        raise refusals.no_version(ref.version_name)
    return secret, secret.versions[number - 1]


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text.translate(str.maketrans("-_", "+/")) + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise refusals.invalid("Invalid value at 'payload.data' (TYPE_BYTES), Base64 decoding failed.") from None


def _given_checksum(payload: Json) -> int | None:
    given = payload.get("dataCrc32c")
    if given is None:
        return None
    try:
        return int(given)
    except ValueError:
        raise refusals.invalid("Invalid value at 'payload.data_crc32c' (TYPE_INT64).") from None
