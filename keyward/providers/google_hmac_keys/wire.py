"""Keys as Cloud Storage writes them, and as the vocabulary has them."""

import re
from collections.abc import Mapping
from typing import Any

from keyward.google.audit import Creates
from keyward.google.times import moment
from keyward.model.credential import Credential, Kind, State
from keyward.model.ids import CredentialRef
from keyward.model.text import clean

NAME = "google-hmac-keys"

_STATES = {"ACTIVE": State.ACTIVE, "INACTIVE": State.DISABLED, "DELETED": State.DELETED}
_LOGGED = re.compile(r"/hmacKeys/([A-Z0-9]+)$")


def credential(item: Mapping[str, Any], scope: str) -> Credential:
    """The credential that this metadata describes; there is no secret in it."""
    access_id = clean(str(item.get("accessId", "")))
    account = item.get("serviceAccountEmail")
    return Credential(
        ref=CredentialRef(NAME, scope, (access_id,)),
        kind=Kind.ACCESS_KEY,
        state=_STATES.get(str(item.get("state", "")), State.UNKNOWN),
        resource=f"projects/{scope}/hmacKeys/{access_id}",
        uid=access_id,
        created=moment(item.get("timeCreated")),
        bound_identity=clean(str(account)) if account else None,
        etag=str(item.get("etag", "")),
        issuer=scope,
        pair_id=access_id,
    )


def _id_of(payload: Mapping[str, Any]) -> str:
    answer = payload.get("response") or {}
    said = answer.get("accessId") or (answer.get("metadata") or {}).get("accessId")
    found = _LOGGED.search(str(payload.get("resourceName", "")))
    return str(said or (found[1] if found else ""))


CREATES = Creates("storage.hmacKeys.create", _id_of)
"""How the audit log tells of new ones (Cloud Storage, "Cloud Audit Logs"); where it has the access id is not documented."""
