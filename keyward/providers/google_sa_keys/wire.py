"""Keys as IAM writes them, and as the vocabulary has them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from keyward.google import assets
from keyward.google.times import moment
from keyward.model.credential import Credential, Kind, State
from keyward.model.ids import CredentialRef
from keyward.model.redact import label
from keyward.model.text import clean

NAME = "google-sa-keys"

ASSET, ACCOUNT_ASSET = "iam.googleapis.com/ServiceAccountKey", "iam.googleapis.com/ServiceAccount"
"""Types in the asset index."""

UPLOADED, MADE_BY_GOOGLE = "USER_PROVIDED", "GOOGLE_PROVIDED"
"""Values of `keyOrigin`."""

_NEVER = 9999
"""The year of `validBeforeTime` where a key does not expire."""

_BY_GOOGLE = {
    "SERVICE_ACCOUNT_KEY_DISABLE_REASON_EXPOSED": "Google found it in public and disabled it",
    "SERVICE_ACCOUNT_KEY_DISABLE_REASON_COMPROMISE_DETECTED": "Google saw it misused and disabled it",
}
_BY_USER = "SERVICE_ACCOUNT_KEY_DISABLE_REASON_USER_INITIATED"
_STATUS = "SERVICE_ACCOUNT_KEY_EXTENDED_STATUS_KEY_"


def credential(item: Mapping[str, Any], scope: str, email: str, now: datetime) -> Credential:
    """The credential that this answer describes. A private half in it (answers of a create have one) is not looked at."""
    uid = key_id(item)
    expires = moment(item.get("validBeforeTime"))
    expires = None if expires is None or expires.year >= _NEVER else expires
    state, why = _state(item, expires, now)
    return Credential(
        ref=CredentialRef(NAME, scope, (email, uid)),
        kind=Kind.SA_KEY,
        state=state,
        resource=clean(str(item.get("name", ""))),
        uid=uid,
        created=moment(item.get("validAfterTime")),
        expires=expires,
        bound_identity=email,
        issuer=scope,
        state_why=why,
    )


def of_assets(found: Sequence[assets.Asset], scope: str, now: datetime) -> list[Credential] | None:
    """The user-managed keys among a project's assets; None where one says too little.

    The names of such assets hold the account's address or its unique id, so the accounts tell which is whose.
    """
    emails = {}
    for one in found:
        if one.get("assetType") == ACCOUNT_ASSET:
            account = assets.data(one)
            emails[str(account.get("uniqueId", ""))] = clean(str(account.get("email", "")))
    rows = []
    for one in found:
        item = assets.data(one)
        if one.get("assetType") == ACCOUNT_ASSET or item.get("keyType") == "SYSTEM_MANAGED":
            continue
        names = (item.get("name"), (one.get("resource") or {}).get("parent"), one.get("name"))
        who = [str(name or "").partition("/serviceAccounts/")[2].partition("/")[0] for name in names]
        email = next((name if "@" in name else emails[name] for name in who if "@" in name or name in emails), "")
        if item.get("keyType") != "USER_MANAGED" or not item.get("validAfterTime") or not email:
            return None
        name = f"projects/{scope}/serviceAccounts/{email}/keys/{assets.last(one.get('name'))}"
        rows.append(credential({**item, "name": name}, scope, clean(email), now))
    return rows


def key_id(item: Mapping[str, Any]) -> str:
    """The last part of the resource name."""
    return clean(str(item.get("name", "")).rpartition("/")[2])


def exposed(item: Mapping[str, Any]) -> str:
    """Why Google itself disabled the key; empty when it did not."""
    return _BY_GOOGLE.get(str(item.get("disableReason", "")), "") if item.get("disabled") else ""


def _state(item: Mapping[str, Any], expires: datetime | None, now: datetime) -> tuple[State, str]:
    marked = _marked(item)
    if item.get("disabled"):
        why = exposed(item)
        where = _found(item)
        return (State.BLOCKED, f"{why}{f': {where}' if where else ''}") if why else (State.DISABLED, marked)
    if expires is not None and expires <= now:
        return State.EXPIRED, marked
    return State.ACTIVE, marked


def _marked(item: Mapping[str, Any]) -> str:
    """What Google says of the key for good, also after somebody enabled it again."""
    words = (str(one.get("key", "")).removeprefix(_STATUS) for one in item.get("extendedStatus") or ())
    found = [clean(word).lower().replace("_", " ") for word in words if word]
    where = _found(item)
    return f"Google marked it: {', '.join(found)}{f' ({where})' if where else ''}" if found else ""


def _found(item: Mapping[str, Any]) -> str:
    """What Google says of where or how, such as the address of a page."""
    return ", ".join(label(str(one["value"])) for one in item.get("extendedStatus") or () if one.get("value"))
