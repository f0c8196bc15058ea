"""Which credential a part of a payload is (DESIGN.md section 5): pure, so that every order of arrival ends in the same links.

A part is linked by its fingerprint, or by an id in it that is no secret (the `private_key_id` of a service account's key file, an AWS
access key id). A key-shaped secret that belongs to no listed credential is a credential of its own.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from keyward.model.credential import Credential, Kind, State
from keyward.model.detectors import BY_KIND
from keyward.model.ids import SHAPE, SHORT, CredentialRef
from keyward.model.placement import Role
from keyward.model.usage import UNSUPPORTED

BY_FINGERPRINT, BY_ID = "fingerprint", "id"


@dataclass(frozen=True, slots=True)
class Found:
    """What is kept of one part of a payload. Never its value.

    `kind` is the detector's, empty for a value without a shape. `fingerprint` is empty for ids that are no secret and for values that
    could be guessed; `value_id` is such an id. `inside` names the part that is replaced with this one in it or beside it: a key-shaped part
    around it, or the secret that belongs to this id; None when there is none. `expires` is when the value says that it ends, seconds since
    1970. `traits` are words of `Trait` with blanks between.
    """

    name: str
    kind: str
    fingerprint: str = ""
    value_id: str = ""
    inside: str | None = None
    expires: float | None = None
    traits: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """One part holds one credential; `found_by` is `fingerprint` or `id`.

    `kind` is set when it is a credential by its shape, and `expires` when the value says when it ends, seconds since 1970.
    """

    part: str
    key: str
    fingerprint: str
    found_by: str = BY_FINGERPRINT
    kind: str = ""
    expires: float | None = None


class Known:
    """Listed credentials, by what they can be recognised by.

    Args:
        rows: (id, provider, uid, fingerprint or None) of every listed credential, none known by its shape alone.
    """

    def __init__(self, rows: Iterable[tuple[str, str, str, str | None]]) -> None:
        self._by_fingerprint: dict[str, list[str]] = {}
        self._by_id: dict[tuple[str, str], list[str]] = {}
        for key, provider, uid, fingerprint in rows:
            if fingerprint:
                self._by_fingerprint.setdefault(fingerprint, []).append(key)
            if uid:
                self._by_id.setdefault((provider, uid), []).append(key)

    def by_fingerprint(self, found: Found) -> Sequence[str]:
        """The credentials with that value."""
        return self._by_fingerprint.get(found.fingerprint, ()) if found.fingerprint else ()

    def by_id(self, found: Found) -> Sequence[str]:
        """The credentials with that id."""
        detector = BY_KIND.get(found.kind)
        return self._by_id.get((detector.provider, found.value_id), ()) if detector and found.value_id else ()


def link(parts: Sequence[Found], known: Known, ready: Callable[[str], bool] | None = None) -> list[Link]:
    """What the parts of one version hold.

    Args:
        parts: every part that has a shape, or a fingerprint that may be known.
        known: the listed credentials.
        ready: whether the credentials of that provider are all listed by now: until then an unknown value waits.
            None: all of them are.
    """
    links: dict[tuple[str, str], Link] = {}
    taken: set[str] = set()
    for part in parts:
        for key in known.by_fingerprint(part):
            links[part.name, key] = Link(part.name, key, part.fingerprint)
            taken |= {part.name, part.inside or part.name}
    whole = {part.name: part for part in parts}
    for part in parts:
        holder = whole.get(part.inside, part) if part.inside is not None else part
        for key in known.by_id(part):
            # The id is written inside of what has to be replaced, or beside it: that is where the credential is.
            links.setdefault((holder.name, key), Link(holder.name, key, holder.fingerprint, BY_ID))
            taken.add(holder.name)
    for part in parts:
        detector = BY_KIND.get(part.kind)
        if detector is None or not detector.is_secret or not part.fingerprint or part.inside is not None:
            continue
        if part.name not in taken and (ready is None or ready(detector.provider)):
            links[part.name, ""] = Link(
                part.name, shape_id(part), part.fingerprint, kind=part.kind, expires=part.expires
            )
    return list(links.values())


def shape_id(part: Found) -> str:
    """The id of a credential that only its shape tells."""
    return str(CredentialRef(SHAPE, part.kind, (part.fingerprint[:SHORT],)))


def by_shape(kind: str, fingerprint: str, expires: float | None = None) -> Credential:
    """The credential that a value of that shape is, when nobody lists it; `expires` in seconds since 1970, where the value says it."""
    detector = BY_KIND.get(kind)
    return Credential(
        ref=CredentialRef(SHAPE, kind, (fingerprint[:SHORT],)),
        kind=Kind.BY_SHAPE,
        state=State.UNKNOWN,
        fingerprint=fingerprint,
        last_use=UNSUPPORTED,
        issuer=detector.issuer if detector else "",
        expires=None if expires is None else datetime.fromtimestamp(expires, UTC),
    )


def role(version: str, current: str | None, aliases: Mapping[str, str]) -> tuple[Role, str]:
    """What the version is to readers of the secret, and the aliases that point at it, separated by commas."""
    pointing = ",".join(sorted(alias for alias, at in aliases.items() if at == version))
    if version == current:
        return Role.CURRENT, pointing
    return (Role.ALIAS, pointing) if pointing else (Role.OLD, "")
