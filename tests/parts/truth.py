"""What `keyward list --format json` has to say of an organisation, by the truth that its generator wrote down, and by nothing else."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from keyward.model.text import clean

WINDOW = 42
"""Days of Cloud Monitoring's record."""
FAR_WINDOW = 402
"""Days of Policy Analyzer's record, to the end of the last one that it tells of."""
COARSE = timedelta(days=1)
"""Use over the whole record is asked for by the day, so a use is told as the end of its day."""
_CLIENTS = {
    "browserKeyRestrictions": "referrer",
    "serverKeyRestrictions": "ip",
    "androidKeyRestrictions": "android",
    "iosKeyRestrictions": "ios",
}
_HMAC = {"ACTIVE": "active", "INACTIVE": "disabled"}


@dataclass(frozen=True)
class Expected:
    """Rows by id. Of `last_used` only the words; `used` has the moments that are too fine to be told exactly."""

    sources: dict
    keys: dict
    secrets: dict
    used: dict


def expected(truth):
    """What a scan that may read every value must find, where one project can be charged for those whose API is off."""
    sources = {one["id"]: _source(one) for one in (*truth["sources"], *truth["account_sources"])}
    sees = {name for name, one in sources.items() if one["status"] == "ok"}
    now = datetime.fromisoformat(truth["now"])
    keys, used = {}, {}
    for make, name in ((_api_key, "keys"), (_account_key, "service_account_keys"), (_hmac_key, "hmac_keys")):
        for one in truth[name]:
            row = make(one)
            if row is None or f"{row['provider']}:{row['scope']}" not in sees:
                continue
            row["placements"] = _placements(row["placements"], sees)
            row["age_days"] = (now - datetime.fromisoformat(one["created_at"])) // timedelta(days=1)
            keys[row["id"]] = row
            if "last_used" in one and one["last_used"]["at"]:
                used[row["id"]] = datetime.fromisoformat(one["last_used"]["at"])
    inside = defaultdict(set)
    for row in keys.values():
        for place in row["placements"]:
            inside[place[0]].add(row["id"])
    secrets = {
        one["id"]: _secret(one, now, inside[one["id"]]) for one in truth["secrets"] if f"gsm:{one['project']}" in sees
    }
    return Expected(sources, keys, secrets, used)


def actual(document):
    """The same of the document."""
    keys, used = {}, {}
    for one in document["keys"]:
        if one["provider"] == "shape":
            continue
        row = {
            name: value
            for name, value in one.items()
            if name not in {"placements_looked", "findings", "rules_unknown", "state_why", "data"}
        }
        row["placements"] = {
            (place["secret"], place["version"], place["role"], place["version_state"], place["part"])
            for place in one["placements"]
        }
        last = row["last_used"]
        row["last_used"] = (last["status"], last["window_days"])
        if last["at"] is not None:
            used[one["id"]] = datetime.fromisoformat(last["at"])
        keys[one["id"]] = row
    sources = {one["id"]: {name: one[name] for name in ("status", "permission")} for one in document["sources"]}
    secrets = {
        one["secret"]: {**one, "keys": {key for key in one["keys"] if not key.startswith("shape:")}}
        for one in document["secrets"]
    }
    return Expected(sources, keys, secrets, used)


def _source(one):
    # A project whose API is off is listed under the quota of another one.
    status = "ok" if one["status"] == "disabled" else one["status"]
    return {"status": status, "permission": one.get("permission")}


def _row(provider, one, local, **fields):
    return {
        "id": f"{provider}:{one['project']}/{local}",
        "provider": provider,
        "scope": one["project"],
        "created_at": f"{one['created_at'][:19]}Z",
        "age_is": "exact",
        "placements": one["placements"],
        "last_used": _last_used(one["last_used"], provider) if "last_used" in one else ("unsupported", None),
        "name": None,
        "expires_at": None,
        "restrictions": None,
        **fields,
    }


def _last_used(last, provider):
    """The word, and the days that it is about: of account keys Policy Analyzer tells what Monitoring has not in its record."""
    status = last["status"]
    far = last.get("source") == "Policy Analyzer" or (status == "not_seen" and provider == "google-sa-keys")
    return {"unknown": ("unsupported", None), "denied": ("denied", None)}.get(
        status, (status, FAR_WINDOW if far else WINDOW)
    )


def _api_key(one):
    if one["state"] == "deleted":
        return None  # Google no longer shows it
    limits = one["restrictions"]
    return _row(
        "google-api-keys",
        one,
        one["uid"],
        resource=one["resource"],
        uid=one["uid"],
        name=one["name"] and clean(one["name"]),
        kind=one["kind"],
        state=one["state"],
        restrictions={
            "apis": sorted(target["service"] for target in limits.get("apiTargets", ())),
            "client": next((word for name, word in _CLIENTS.items() if name in limits), None),
        },
        bound_identity=one["bound_identity"],
        # The value of a deleted key cannot be read, so nobody can say where it is.
        placements=one["placements"] if one["state"] == "active" else [],
    )


def _account_key(one):
    return _row(
        "google-sa-keys",
        one,
        f"{one['email']}/{one['key_id']}",
        resource=one["resource"],
        uid=one["key_id"],
        kind="sa-key",
        state=one["state"],
        expires_at=one["expires_at"],
        bound_identity=one["email"],
    )


def _hmac_key(one):
    if one["state"] not in _HMAC:
        return None
    ids = [
        place for place in one["placements"] if "ACCESS_KEY_ID" not in place["path"]
    ]  # it is kept where its secret is
    return _row(
        "google-hmac-keys",
        one,
        one["access_id"],
        resource=f"projects/{one['project']}/hmacKeys/{one['access_id']}",
        uid=one["access_id"],
        kind="access-key",
        state=_HMAC[one["state"]],
        bound_identity=one["email"],
        placements=ids,
    )


def _placements(places, sees):
    """Where a scan can have seen it: versions that are on, in projects that may be read."""
    return {
        (
            place["secret"],
            place["version"],
            "current" if place["current"] else "alias" if place["aliases"] else "old",
            "enabled",
            _part(place),
        )
        for place in places
        if place["version_state"] == "ENABLED" and place["secret"].partition("/")[0] in sees
    }


def _part(place):
    path = place["path"].replace(".", "/") if place["shape"] in {"json", "yaml", "ini"} else place["path"]
    return f"/{path}" if path and place["shape"] in {"json", "yaml"} else path


def _secret(one, now, keys):
    newest = one["versions"][-1] if one["versions"] else None
    due = now + timedelta(days=one["rotation_days"] or 0)
    return {
        "store": "gsm",
        "scope": one["project"],
        "secret": one["id"],
        "current_version": one["current_version"],
        "version_state": newest and newest["state"].lower(),
        "created_at": f"{one['created_at'][:19]}Z",
        "age_days": (now - datetime.fromisoformat(one["created_at"])) // timedelta(days=1),
        "rotation": f"every {one['rotation_days']} d, next {due:%Y-%m-%d}" if one["rotation_days"] else None,
        "keys": keys,
    }
