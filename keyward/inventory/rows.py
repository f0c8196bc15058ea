"""Credentials, secrets and placements as rows of the cache, and back."""

import json
from datetime import timedelta
from typing import Any

from keyward.inventory.cache_schema import LIST
from keyward.inventory.reports import Row
from keyward.inventory.times import moment, seconds
from keyward.model.credential import Credential, Kind, Restrictions, State
from keyward.model.ids import CredentialRef, PlacementRef, SecretRef
from keyward.model.placement import Placement, Role
from keyward.model.secretinfo import SecretInfo, Version, VersionState
from keyward.model.usage import LastUse, UseStatus

dump = json.JSONEncoder(ensure_ascii=False).encode
"""JSON text as it is printed: one line, in the characters that people read. One encoder for all: a scan writes a hundred thousand texts."""


def key_row(credential: Credential, source: str) -> dict[str, Any]:
    """The row of `key` for a credential; what its placements say (`stores`, `secrets`, `places`) comes when it is linked."""
    use, limits = credential.last_use, credential.restrictions
    return {
        "id": credential.id,
        "source": source,
        "provider": credential.ref.provider,
        "scope": credential.ref.scope,
        "name": credential.name,
        "kind": credential.kind.value,
        "state": credential.state.value,
        "issuer": credential.issuer,
        "created": seconds(credential.created),
        "first_seen": seconds(credential.first_seen),
        "expires": seconds(credential.expires),
        "use_status": use.status.value,
        "used": seconds(use.at),
        "window_days": use.window_days,
        "restricted": None if limits is None else LIST.join(one for one in (*limits.apis, limits.client) if one),
        "identity": credential.bound_identity,
        "fingerprint": credential.fingerprint,
        "uid": credential.uid,
    }


def key_more(credential: Credential) -> str:
    """What of a credential has no column of its own."""
    limits = credential.restrictions
    rest = dump(
        {
            "local": credential.ref.local,
            "resource": credential.resource,
            "deleted": seconds(credential.deleted),
            "restorable_until": seconds(credential.restorable_until),
            "restrictions": None
            if limits is None
            else {
                "apis": limits.apis,
                "client": limits.client,
                "allowed": limits.allowed,
                "raw": dict(limits.raw),
            },
            "annotations": dict(credential.annotations),
            "etag": credential.etag,
            "state_why": credential.state_why,
        }
    )
    return f"{rest[:-1]}{_use_end(credential.last_use)}"


def _use_end(use: LastUse) -> str:
    """What of a last use has no column of its own: the end of `more`."""
    told = [use.source, use.precision.total_seconds(), use.lag.total_seconds(), use.detail]
    return f', "use": {dump(told)}}}'


def says(row: Row, use: LastUse) -> bool:
    """Whether the joined row of `key` and `detail` says this of its last use."""
    same = (row["use_status"], row["used"], row["window_days"]) == (use.status, seconds(use.at), use.window_days)
    return same and str(row["more"]).endswith(_use_end(use))


def last_use(row: Row) -> LastUse:
    """The last use in a joined row of `key` and `detail`."""
    return _last_use(row, json.loads(row["more"])["use"])


def _last_use(row: Row, told: list[Any]) -> LastUse:
    source, precision, lag, detail = told
    return LastUse(
        UseStatus(row["use_status"]),
        moment(row["used"]),
        row["window_days"],
        source,
        timedelta(seconds=precision),
        timedelta(seconds=lag),
        detail,
    )


def credential(row: Row) -> Credential:
    """The credential of a joined row of `key` and `detail`."""
    more = json.loads(row["more"])
    limits = more["restrictions"]
    return Credential(
        ref=CredentialRef(row["provider"], row["scope"], tuple(more["local"])),
        kind=Kind(row["kind"]),
        state=State(row["state"]),
        resource=more["resource"],
        uid=row["uid"],
        name=row["name"],
        created=moment(row["created"]),
        first_seen=moment(row["first_seen"]),
        expires=moment(row["expires"]),
        deleted=moment(more["deleted"]),
        restorable_until=moment(more["restorable_until"]),
        restrictions=limits
        and Restrictions(tuple(limits["apis"]), limits["client"], tuple(limits["allowed"]), limits["raw"]),
        bound_identity=row["identity"],
        annotations=more["annotations"],
        etag=more["etag"],
        fingerprint=row["fingerprint"],
        last_use=_last_use(row, more["use"]),
        issuer=row["issuer"],
        state_why=more.get("state_why", ""),
    )


def secret_row(info: SecretInfo) -> dict[str, Any]:
    """The row of `secret`, without its ready text."""
    versions = info.versions
    more = {
        "updated": seconds(info.updated),
        "labels": dict(info.labels),
        "annotations": dict(info.annotations),
        "rotation": info.rotation,
        "topics": info.topics,
        "etag": info.etag,
        "lasting": info.immutable_versions,
        "plaintext": info.plaintext,
        "unsafe": info.unsafe,
        "open_to": info.open_to,
    }
    return {
        "id": str(info.ref),
        "source": info.ref.source,
        "store": info.ref.store,
        "scope": info.ref.scope,
        "locator": dump(info.ref.locator),
        "current": info.current,
        "versions": None
        if versions is None
        else dump([(one.id, one.state.value, seconds(one.created), one.etag) for one in versions]),
        "aliases": dump(dict(info.aliases)),
        "created": seconds(info.created),
        "more": dump(more),
    }


def secret_info(row: Row) -> SecretInfo:
    """The secret of a row of `secret`."""
    more = json.loads(row["more"])
    versions = row["versions"]
    return SecretInfo(
        ref=SecretRef(row["store"], tuple(json.loads(row["locator"])), row["scope"]),
        created=moment(row["created"]),
        updated=moment(more["updated"]),
        current=row["current"],
        versions=None
        if versions is None
        else tuple(
            Version(name, VersionState(state), moment(at), etag) for name, state, at, etag in json.loads(versions)
        ),
        aliases=json.loads(row["aliases"]),
        labels=more["labels"],
        annotations=more["annotations"],
        rotation=more["rotation"],
        topics=tuple(more["topics"]),
        etag=more["etag"],
        immutable_versions=more["lasting"],
        plaintext=more["plaintext"],
        unsafe=more["unsafe"],
        open_to=more["open_to"],
    )


def placement(row: Row, accepted: frozenset[str] = frozenset()) -> Placement:
    """The placement of a joined row of `placement`, `key`, `detail` and `secret`; `accepted` are the targets of the ledger."""
    where = SecretRef(row["store"], tuple(json.loads(row["locator"])), row["secret_scope"])
    provider, scope, local = row["provider"], row["scope"], tuple(json.loads(row["more"])["local"])
    return Placement(
        at=PlacementRef(where, row["version"], row["part"]),
        credential=CredentialRef(provider, scope, local),
        role=Role(row["role"]),
        version_state=VersionState(row["version_state"]),
        alias=row["alias"],
        fingerprint=row["fingerprint"],
        found_by=row["found_by"],
        host=row["host"],
        accepted=row["target"] in accepted,
    )


def haystack(row: Row) -> str:
    """Everything that bare text of a query is looked for in."""
    shown = (
        row["id"],
        row["name"],
        row["kind"],
        row["state"],
        row["issuer"],
        row["identity"],
        row["restricted"],
        row["secrets"],
    )
    return LIST.join(text for text in shown if text).casefold()
