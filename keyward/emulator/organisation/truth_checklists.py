"""How each item of the list for Gemini in production ends in each project, by the generator's own model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from keyward.emulator.organisation.services import GEMINI

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from keyward.emulator.organisation.model import Organisation, SampleProject

MILD = {"KW-102", "KW-104", "KW-202", "KW-407", "KW-408", "KW-501", "KW-503", "KW-507", "KW-602", "KW-603"}
"""Rules that are broken without much harm: an item is warned of, and does not fail."""

LEFT_OUT = {
    "any.tls": "about the servers that this machine sends keys to",
    "any.certificate-checks": "about code on this machine",
    "any.key-in-code": "about code on this machine",
    "any.deps": "about lock files on this machine",
}
"""Items that the list has beside these and that keyward proves by itself, with why no organisation knows how they end."""

_APART = ("maps-*", "places*", "geocoding-*", "firebase*")
"""Services that stand in no project of Gemini's."""
_ADMIN = ("roles/owner", "roles/editor", "roles/admin", "roles/writer")
_POLICY, _SERVICES = "resourcemanager.projects.getIamPolicy", "serviceusage.services.list"
_OLD = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a caller sees of one project."""

    project: SampleProject
    denied: frozenset[str]
    """Providers and stores that it denies to be read."""
    api_keys: tuple[Mapping[str, Any], ...]
    account_keys: tuple[Mapping[str, Any], ...]
    hmac_keys: tuple[Mapping[str, Any], ...]
    secrets: tuple[Mapping[str, Any], ...]
    broken: Mapping[str, frozenset[str]]
    """`fail`, `unknown` or both, by rule."""

    @property
    def live(self) -> bool:
        """Whether any key works."""
        return any((self.api_keys, self.account_keys, self.hmac_keys))

    @property
    def callers(self) -> bool:
        """Whether it has API keys, as far as anybody may know."""
        return bool(self.api_keys) or "google-api-keys" in self.denied

    @property
    def readable(self) -> bool:
        """Whether any secret has a version that programs get."""
        return any(_read(one) for one in self.secrets)


_KEYS, _ACCOUNTS, _HMACS, _SECRETS = "google-api-keys", "google-sa-keys", "google-hmac-keys", "gsm"
_EVERY = (_KEYS, _ACCOUNTS, _HMACS)

_RULES: dict[str, tuple[tuple[str, ...], tuple[str, ...], Callable[[_Seen], bool]]] = {
    "gcp.api-restricted": (("KW-401",), (_KEYS,), lambda one: bool(one.api_keys)),
    "gcp.no-gemini-on-public-keys": (("KW-404",), (_KEYS,), lambda one: any(map(_standard, one.api_keys))),
    "gcp.app-restricted": (("KW-402",), (_KEYS,), lambda one: any(map(_standard, one.api_keys))),
    "gcp.auth-keys": (("KW-405",), (_KEYS,), lambda one: any(GEMINI in _targets(key) for key in one.api_keys)),
    "gcp.sa-keys": (("KW-105", "KW-406", "KW-407", "KW-408"), (_ACCOUNTS,), lambda one: one.live),
    "gcp.secret-iam": (("KW-502", "KW-503", "KW-505"), (_SECRETS,), lambda one: bool(one.secrets)),
    "gcp.key-readers": (("KW-504",), (), lambda one: one.callers),
    "gcp.secret-rotation": (("KW-501",), (_SECRETS,), lambda one: bool(one.secrets)),
    "gcp.secret-versions": (("KW-506", "KW-507"), (_SECRETS,), lambda one: bool(one.secrets)),
    "gcp.alert-policy": (("KW-603",), (), lambda one: any(map(_perhaps_used, one.api_keys))),
    "gcp.budget": (("KW-602",), (), lambda one: one.callers and one.project.billing == "open"),
    "gcp.soft-deleted": (("KW-301", "KW-805"), (*_EVERY, _SECRETS), lambda one: one.readable),
    "gemini.leak-status": (("KW-406", "KW-409"), (_KEYS, _ACCOUNTS), lambda one: one.live),
    "any.key-in-header": (("KW-310",), (_SECRETS,), lambda one: one.readable),
    "any.no-plaintext": (("KW-901",), _EVERY, lambda one: one.live),
    "any.rotation-age": (("KW-101", "KW-105"), _EVERY, lambda one: one.live),
    "any.unused": (("KW-201", "KW-202"), _EVERY, lambda one: one.live),
    "any.alive": (("KW-301", "KW-307", "KW-309", "KW-805"), (*_EVERY, _SECRETS), lambda one: one.readable),
    "any.expiry": (("KW-103", "KW-104"), (_ACCOUNTS,), lambda one: bool(one.account_keys)),
    "any.least-privilege": (("KW-401",), (_KEYS,), lambda one: bool(one.api_keys)),
}
"""By item: the rules that break it, what has to be listed for it to be known, and whether there is anything that it is about."""


def checklists(organisation: Organisation, data: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """How the items end, by project and item: `pass`, `fail`, `warn`, `unknown` or `not_applicable`.

    Nobody has accepted or stated anything. No project of an organisation has a policy against new keys of service accounts, and none logs who
    reads secrets. `LEFT_OUT` are not among them, and neither is what a person has to state.

    Args:
        organisation: All of it.
        data: The rest of the truth, `findings` too, and what they rest on.
    """
    return {one.id: _ends(_seen(one, organisation.now, data)) for one in organisation.projects}


def _ends(seen: _Seen) -> dict[str, str]:
    policy = _POLICY not in seen.project.denied
    return {
        **{item: _by_rules(seen, *how) for item, how in _RULES.items()},
        "gcp.sa-least-privilege": _administers(seen),
        "gcp.no-new-account-keys": "fail",
        "gcp.audit-logs": "fail" if policy else "unknown",
        "gcp.dedicated-project": _apart(seen),
    }


def _by_rules(seen: _Seen, rules: tuple[str, ...], lists: tuple[str, ...], about: Callable[[_Seen], bool]) -> str:
    """Broken weighs more than unknown, unknown more than a warning."""
    found = {rule: seen.broken.get(rule, frozenset()) for rule in rules}
    if any("fail" in results for rule, results in found.items() if rule not in MILD):
        return "fail"
    if seen.denied & set(lists) or any("unknown" in results for results in found.values()):
        return "unknown"
    if any(found.values()):
        return "warn"
    return "pass" if about(seen) else "not_applicable"


def _administers(seen: _Seen) -> str:
    """Whether an account that a key stands for may do everything in the project."""
    if _POLICY in seen.project.denied:
        return "unknown"
    accounts = {key["bound_identity"] for key in seen.api_keys} | {
        key["email"] for key in (*seen.account_keys, *seen.hmac_keys)
    }
    accounts -= {None}
    for one in seen.project.bindings:
        much = one["role"] in _ADMIN or one["role"].lower().endswith("admin")
        if much and {f"serviceAccount:{account}" for account in accounts} & set(one["members"]):
            return "fail"
    if seen.denied & set(_EVERY):
        return "unknown"
    return "pass" if accounts else "not_applicable"


def _apart(seen: _Seen) -> str:
    """Whether Gemini stands beside services whose keys are made to be read by everybody."""
    if _SERVICES in seen.project.denied:
        return "unknown"
    if GEMINI in seen.project.off:
        return "not_applicable"
    on = seen.project.called
    return "fail" if any(fnmatchcase(one, pattern) for one in on for pattern in _APART) else "pass"


def _seen(project: SampleProject, now: datetime, data: Mapping[str, Any]) -> _Seen:
    sources = (*data["sources"], *data["account_sources"])
    denied = frozenset(
        name
        for name, _, scope in (one["id"].partition(":") for one in sources if one["status"] == "denied")
        if scope == project.id
    )

    def of(name: str, source: str, *states: str) -> tuple[Mapping[str, Any], ...]:
        mine = (one for one in data[name] if one["project"] == project.id and source not in denied)
        return tuple(one for one in mine if not states or one["state"] in states)

    hmacs = of("hmac_keys", _HMACS, "ACTIVE")
    found: dict[str, set[str]] = {}
    for one in data["findings"]:
        if one["subject"].partition(":")[2].partition("/")[0] == project.id:
            found.setdefault(one["rule"], set()).add(one["result"])
    for rule, result in (*_of_hmac_keys(hmacs, now), *_tried(project)):
        found.setdefault(rule, set()).add(result)
    return _Seen(
        project,
        denied,
        of("keys", _KEYS, "active"),
        of("service_account_keys", _ACCOUNTS, "active"),
        hmacs,
        of("secrets", _SECRETS),
        {rule: frozenset(results) for rule, results in found.items()},
    )


def _of_hmac_keys(keys: tuple[Mapping[str, Any], ...], now: datetime) -> Iterator[tuple[str, str]]:
    """What is wrong with HMAC keys, of which the findings do not tell."""
    for key in keys:
        for rule in (
            "KW-901",
            "KW-201",
            "KW-202",
        ):  # nothing was searched for them, and nobody keeps a record of their use
            yield rule, "unknown"
        if now - datetime.fromisoformat(key["created_at"]) > _OLD:
            yield "KW-101", "fail"


def _tried(project: SampleProject) -> Iterator[tuple[str, str]]:
    """Deleted keys that somebody goes on calling with."""
    for key in project.keys:
        if key.deleted is not None and any(use.when > key.deleted and use.code >= 400 for use in key.uses):
            yield "KW-805", "fail"


def _standard(key: Mapping[str, Any]) -> bool:
    return key["bound_identity"] is None


def _targets(key: Mapping[str, Any]) -> set[str]:
    return {one["service"] for one in key["restrictions"].get("apiTargets", ())}


def _perhaps_used(key: Mapping[str, Any]) -> bool:
    return key["last_used"]["status"] in {"used", "denied"}


def _read(secret: Mapping[str, Any]) -> bool:
    named = {secret["current_version"], *map(str, secret["aliases"].values())}
    return any(one["state"] == "ENABLED" and one["version"] in named for one in secret["versions"])
