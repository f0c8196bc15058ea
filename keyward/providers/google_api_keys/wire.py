"""Keys as the API writes them, and as the vocabulary has them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from keyward.google.times import moment
from keyward.model.credential import Credential, Kind, Restrictions, State
from keyward.model.ids import CredentialRef
from keyward.model.redact import label
from keyward.model.text import clean
from keyward.providers.interface import Change, Marker, Want

NAME = "google-api-keys"
ASSET = "apikeys.googleapis.com/Key"
"""The type of a key in the asset index."""

GEMINI = "generativelanguage.googleapis.com"

ANNOTATION = "keyward"
"""The annotation that holds the rotation's id; names that begin with it and a dash are keyward's own too."""

REPLACES = f"{ANNOTATION}-replaces"
"""The annotation that holds the id of the key that this one takes over from."""

RESTORABLE = timedelta(days=30)
"""How long a deleted key can be restored (API Keys API, keys.undelete)."""

LONGEST_NAME = 63

_CLIENTS = {
    "browserKeyRestrictions": ("referrer", "allowedReferrers"),
    "serverKeyRestrictions": ("ip", "allowedIps"),
    "androidKeyRestrictions": ("android", "allowedApplications"),
    "iosKeyRestrictions": ("ios", "allowedBundleIds"),
}


def credential(item: Mapping[str, Any], scope: str, now: datetime) -> Credential:
    """The credential that this answer describes. A key string in it (answers of operations have one) is not looked at."""
    deleted = moment(item.get("deleteTime"))
    until = deleted + RESTORABLE if deleted else None
    account = item.get("serviceAccountEmail")
    uid = local_id(item)
    return Credential(
        ref=CredentialRef(NAME, scope, (uid,)),
        kind=Kind.AUTH_KEY if account else Kind.API_KEY,
        state=State.ACTIVE if until is None else State.RESTORABLE if now < until else State.DELETED,
        resource=clean(str(item.get("name", ""))),
        uid=uid,
        name=label(str(item["displayName"])) if item.get("displayName") else None,
        created=moment(item.get("createTime")),
        deleted=deleted,
        restorable_until=until,
        restrictions=restrictions(item.get("restrictions") or {}),
        bound_identity=clean(str(account)) if account else None,
        annotations={label(str(name)): label(str(value)) for name, value in (item.get("annotations") or {}).items()},
        etag=str(item.get("etag", "")),
        issuer=scope,
    )


def local_id(item: Mapping[str, Any]) -> str:
    """The uid, under which use is recorded; the key id where an answer has none."""
    return clean(str(item.get("uid") or key_id(item)))


def key_id(item: Mapping[str, Any]) -> str:
    """The last part of the resource name: chosen by whoever made the key, or equal to the uid."""
    return str(item.get("name", "")).rpartition("/")[2]


def restrictions(raw: Mapping[str, Any]) -> Restrictions:
    """What the key may be used for. A client restriction that allows nothing in particular restricts nothing."""
    services = {clean(str(target.get("service", ""))) for target in raw.get("apiTargets") or ()}
    for field, (client, entries) in _CLIENTS.items():
        allowed = (raw.get(field) or {}).get(entries) or ()
        if allowed:
            return Restrictions(tuple(sorted(services)), client, tuple(_entry(one) for one in allowed), dict(raw))
    return Restrictions(tuple(sorted(services)), raw=dict(raw))


def _entry(entry: Any) -> str:
    if isinstance(entry, Mapping):
        return clean(f"{entry.get('packageName', '')} {entry.get('sha1Fingerprint', '')}".strip())
    return clean(str(entry))


def raw_restrictions(wanted: Restrictions) -> dict[str, Any]:
    """The API's own form: as it was read, or made from the parts where it never was."""
    if wanted.raw or wanted.none:
        return dict(wanted.raw)
    raw: dict[str, Any] = {"apiTargets": [{"service": service} for service in wanted.apis]} if wanted.apis else {}
    for field, (client, entries) in _CLIENTS.items():
        if client == wanted.client:
            raw[field] = {entries: [_client_entry(client, entry) for entry in wanted.allowed]}
    return raw


def _client_entry(client: str, entry: str) -> Any:
    if client != "android":
        return entry
    package, _, sha1 = entry.partition(" ")
    return {"packageName": package, "sha1Fingerprint": sha1}


def own_annotation(name: str) -> bool:
    """Whether keyward wrote that annotation, so that it is not copied."""
    return name == ANNOTATION or name.startswith(f"{ANNOTATION}-")


def body(want: Want, marker: Marker) -> dict[str, Any]:
    """What `keys.create` is sent."""
    copied = {name: value for name, value in want.annotations.items() if not own_annotation(name)}
    made: dict[str, Any] = {"annotations": {**copied, ANNOTATION: marker.rotation}}
    if marker.replaces:
        made["annotations"][REPLACES] = marker.replaces
    if want.name:
        made["displayName"] = want.name[:LONGEST_NAME]
    if want.restrictions is not None and (raw := raw_restrictions(want.restrictions)):
        made["restrictions"] = raw
    if want.bound_identity:
        made["serviceAccountEmail"] = want.bound_identity
    return made


def patch(change: Change, etag: str) -> tuple[dict[str, Any], str]:
    """What `keys.patch` is sent: the body and the update mask."""
    sent: dict[str, Any] = {}
    if change.name is not None:
        sent["displayName"] = change.name[:LONGEST_NAME]
    if change.restrictions is not None:
        sent["restrictions"] = raw_restrictions(change.restrictions)
    if change.annotations is not None:
        sent["annotations"] = dict(change.annotations)
    mask = ",".join(sent)
    return ({**sent, "etag": etag} if etag else sent), mask
