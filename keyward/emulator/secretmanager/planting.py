"""Puts secrets with a past into the state: without checks, permissions or quotas, at any time before now."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import google_crc32c

from keyward.emulator.secretmanager.resources import Secret, State, Version

if TYPE_CHECKING:
    from datetime import datetime

    from keyward.emulator.secretmanager.book import Book
    from keyward.emulator.secretmanager.resources import Parent


def plant_secret(book: Book, parent: Parent, secret_id: str, created: datetime, **fields: Any) -> Secret:
    """A secret without versions; keyword arguments set fields of `Secret`.

    Plant the oldest first: lists are newest first by order of planting, as by time.
    """
    fields.setdefault("replication", {"automatic": {}})
    secret = Secret(parent, secret_id, book.order(), created, book.etag(created), **fields)
    book.put(secret)
    return secret


def plant_version(book: Book, secret: Secret, data: bytes, created: datetime, state: str = "ENABLED") -> Version:
    """The next version of a secret; a destroyed one was so a day after its creation."""
    version = Version(
        number=len(secret.versions) + 1,
        created=created,
        etag=book.etag(created),
        payload=data,
        checksum=int(google_crc32c.value(data)),
        checksum_given=True,
        state=State(state),
    )
    if version.state is State.DESTROYED:
        book.destroy(version, created + timedelta(days=1))
    secret.versions.append(version)
    return version
