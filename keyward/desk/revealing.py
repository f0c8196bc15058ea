"""A value shown to the person at this terminal: read at that moment, put down in the audit trail first, kept nowhere.

This works only where a person sits. The trail says who, which key, when and where from; never the value.
"""

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from keyward.inventory.values import read_value, readable
from keyward.ledger.records import EventRow
from keyward.model.capability import Can
from keyward.model.errors import KeywardError, NotAllowed, Refused, UnknownKey

if TYPE_CHECKING:
    from keyward.desk.desk import Desk
    from keyward.model.context import Ctx
    from keyward.model.credential import Credential
    from keyward.model.placement import Placement
    from keyward.model.secret import Secret
    from keyward.providers.interface import Provider

SHOW, COPY = "reveal", "copy-value"
"""The steps in the audit trail."""


@dataclass(frozen=True, slots=True)
class Readable:
    """Where the value of a key would be read; `source` is empty when it cannot be, and `why` says why not."""

    source: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Revealed:
    """A value and where it was read."""

    value: "Secret"
    source: str


def where(desk: "Desk", key: str) -> Readable:
    """Where the value of that key (a full id) would be read. Nothing is asked.

    Raises:
        UnknownKey: there is none of that id.
    """
    credential, places = _known(desk, key)
    if not desk.parts.interactive:
        return Readable(why="values are shown to a person at a terminal only")
    provider = _provider(desk, credential)
    if provider is not None and Can.READ_VALUE in provider.can:
        if not credential.live:
            return Readable(why=f"the key is {credential.state.value}")
        return Readable(credential.ref.source)
    if places:
        return Readable(str(places[0].at))
    return Readable(why="its provider shows it once only, and no place within reach of this host is known to hold it")


def reveal(desk: "Desk", key: str, ctx: "Ctx") -> Revealed:
    """Read the value of that key (a full id) now, and put that down before anybody sees it.

    Raises:
        UnknownKey: there is none of that id.
        NotAllowed: nobody sits at a terminal.
        Refused: it cannot be read.
        KeywardError: it could not be read, or the audit trail could not be written; then it is not shown.
    """
    found = where(desk, key)
    if not desk.parts.interactive:
        raise NotAllowed("Values are shown to a person at a terminal only.")
    if not found.source:
        raise Refused(f"The value cannot be read: {found.why}.")
    credential, places = _known(desk, key)
    ledger, prints = desk.books.writing()
    ledger.append([_line(desk, "intent", SHOW, key, what="read its value to show it", source=found.source)])
    wanted = {one for one in (credential.fingerprint, *(place.fingerprint for place in places)) if one}
    try:
        read = read_value(
            _provider(desk, credential),
            credential.ref,
            places,
            desk.parts.stores.get,
            ctx,
            fits=lambda value: not wanted or prints.fingerprint(value) in wanted,
        )
        if read is None:
            raise Refused("No place holds this value any more.", hint="What is known of its places is old: scan again.")
    except KeywardError as error:
        ledger.append([_line(desk, "outcome", SHOW, key, ok=False, evidence=error.message, source=found.source)])
        raise
    value, source = read
    ledger.append([_line(desk, "outcome", SHOW, key, ok=True, evidence=f"read from {source}", source=source)])
    return Revealed(value, source)


def copied(desk: "Desk", key: str, way: str) -> None:
    """Put down that the value which is shown goes to a clipboard, before it does.

    Raises:
        NotAllowed: nobody sits at a terminal.
        KeywardError: it could not be put down; then it is not copied.
    """
    if not desk.parts.interactive:
        raise NotAllowed("Values are copied by a person at a terminal only.")
    ledger, _ = desk.books.writing()
    ledger.append([_line(desk, "outcome", COPY, key, ok=True, evidence=way)])


def _known(desk: "Desk", key: str) -> "tuple[Credential, list[Placement]]":
    """The key, and the places with its value that this host reaches."""
    with closing(desk.cache()) as cache:
        credential = cache.credential(key)
        if credential is None:
            raise UnknownKey(f"There is no key {key!r} in the last scan.", hint="`keyward scan` looks again.")
        near = (one for one in cache.placements(key) if one.host in ("", desk.parts.host))
        return credential, [one for one in readable(near) if _store_reads(desk, one)]


def _store_reads(desk: "Desk", place: "Placement") -> bool:
    name = place.at.secret.store
    return name in desk.parts.stores.names and Can.READ in desk.parts.stores.get(name).can


def _provider(desk: "Desk", credential: "Credential") -> "Provider | None":
    name = credential.ref.provider
    return desk.parts.providers.get(name) if name in desk.parts.providers.names else None


def _line(desk: "Desk", kind: str, step: str, key: str, **detail: object) -> EventRow:
    parts = desk.parts
    return EventRow(
        kind=kind,
        step=step,
        target=key,
        detail={"credential": key, "identity": parts.identity, **detail},
        actor=parts.actor,
        host=parts.host,
        at=parts.clock.now(),
    )
