"""What an API key may be used for, and by whom: a restriction that restricts nothing is none."""

import ipaddress
import re
import shlex
from collections.abc import Iterable

from keyward.hygiene.daily import Days
from keyward.hygiene.estate import Estate
from keyward.hygiene.gemini import API_KEYS, EVERYTHING, GEMINI
from keyward.hygiene.rule import KEPT, Judgement, Rule, broken, unknown
from keyward.hygiene.say import Mending, command, rotate, unneeded
from keyward.model.about import What
from keyward.model.credential import Credential, Kind, Restrictions
from keyward.model.finding import Severity, Subject
from keyward.model.usage import UseStatus

_PUBLIC = {"referrer": "a web page", "android": "an Android app", "ios": "an iOS app"}
"""Where a key with such a restriction can be read by everybody who looks."""

_ANY_HOST = re.compile(r"(?:[a-z]+://)?\*(?:\.\*)*(?:[/:].*)?|(?:[a-z]+://)?\*\.(?:[a-z]{2,}|co\.[a-z]{2})(?:/.*)?")
"""Referrers that every site fits: `*`, `*.com`, `https://*/*`."""

_RESTRICT = "Make a successor that is restricted to what it was lately used for."
_RESTRICT_UNUSED = "No use of it was counted: delete it if nothing needs it, or make a successor with `keyward rotate KEY --restrict-to API`."
_ADDRESSES = "Restrict it to the ADDRESSES that use it; of a key of a web page or an app, to its sites (--allowed-referrers) or app."
_CIS = "CIS Google Cloud Platform Foundation Benchmark v5.0.0"
_TRUFFLE = "Truffle Security, 2026-02-25: public keys of other Google services also opened Gemini"


def _unrestricted(key: Credential, estate: Estate, limit: None) -> Iterable[Judgement]:
    del limit
    found = _asked(key)
    if found is None:
        return
    if isinstance(found, Judgement):
        yield found
    elif found.apis:
        yield KEPT
    else:
        yield broken("every API that is on in its project takes it", **_restricted(key, estate))


def _no_client(key: Credential, estate: Estate, limit: None) -> Iterable[Judgement]:
    del estate, limit
    found = _asked(key)
    if found is None or key.kind is not Kind.API_KEY:
        return
    if isinstance(found, Judgement):
        yield found
    elif found.client is not None:
        yield KEPT
    else:
        yield broken("it works from anywhere", text=_ADDRESSES, commands=[_only_from(key)])


def _restricts_nothing(key: Credential, estate: Estate, limit: None) -> Iterable[Judgement]:
    del limit
    found = _asked(key)
    if found is None:
        return
    if isinstance(found, Judgement):
        yield found
        return
    if found.none:
        return  # KW-401 and KW-402 say so
    hollow = [f"{api} stands for nearly every API" for api in found.apis if api in EVERYTHING]
    hollow += [
        f"the {found.client} restriction {entry} allows everybody"
        for entry in found.allowed
        if _any(found.client, entry)
    ]
    yield broken(*hollow, **_restricted(key, estate)) if hollow else KEPT


def _opens_gemini(key: Credential, estate: Estate, limit: None) -> Iterable[Judgement]:
    """A key that anybody can see, or that was meant for something else, and with which Gemini can be called at somebody's cost."""
    del limit
    found = _asked(key)
    if found is None or key.kind is not Kind.API_KEY:
        return
    if isinstance(found, Judgement):
        yield found
        return
    if found.apis and not {GEMINI, *EVERYTHING} & set(found.apis):
        yield KEPT
        return
    shown, hollow = _PUBLIC.get(found.client or ""), not found.apis or EVERYTHING & set(found.apis)
    if shown is None and not hollow:
        yield KEPT  # made for Gemini, and not shown to the public
        return
    subject = f"project:{key.ref.scope}"
    apis = estate.known(subject, What.SERVICES)
    if apis is None:
        yield unknown(estate.why_unknown(subject, What.SERVICES), commands=[command("show", key.id, "--refresh")])
    elif GEMINI not in apis:
        yield KEPT
    else:
        why = f"it is made to be read in {shown}" if shown else "its restriction leaves Gemini in"
        yield broken(f"Gemini is on in {key.ref.scope}, and {why}", **_restricted(key, estate))


def _standard_gemini(key: Credential, estate: Estate, limit: None) -> Iterable[Judgement]:
    del estate, limit
    found = _asked(key)
    if not isinstance(found, Restrictions) or GEMINI not in found.apis or key.kind not in API_KEYS:
        return
    if key.kind is Kind.AUTH_KEY:
        yield KEPT
    else:
        text = "Make its successor an auth key, bound to a service account; see that its users accept keys that begin with AQ."
        email = f"NAME@{key.ref.scope}.iam.gserviceaccount.com"
        yield broken("it is a standard key", text=text, commands=[command("rotate", key.id, "--as", "auth-key", "--service-account", email)])  # fmt: skip


def _asked(key: Credential) -> Restrictions | Judgement | None:
    """Its restrictions; a judgement where they are not known, None where it can have none or is off."""
    if not key.live or key.kind not in API_KEYS:
        return None
    return key.restrictions or unknown("its restrictions are not known", commands=["keyward scan"])


def _restricted(key: Credential, estate: Estate) -> Mending:
    """How a successor is restricted: to the services that the key was called for in the weeks that were counted."""
    services = sorted({service for one in estate.days.get(key.id, Days()).days for service in one.services()} - {""})
    if not services:
        quiet = key.last_use.status in (UseStatus.NEVER, UseStatus.NOT_SEEN)
        look = unneeded(key) if quiet else command("usage", key.id)
        return {"text": _RESTRICT_UNUSED, "commands": [look]}
    return rotate(key, estate, "--restrict-to", ",".join(services), text=_RESTRICT)


def _only_from(key: Credential) -> str:
    """It leaves the APIs that the key may be used for as they are."""
    return shlex.join(("gcloud", "services", "api-keys", "update", key.resource, "--allowed-ips=ADDRESSES"))


def _any(client: str | None, entry: str) -> bool:
    if client == "ip":
        try:
            return ipaddress.ip_network(entry, strict=False).prefixlen == 0
        except ValueError:
            return False
    return client == "referrer" and _ANY_HOST.fullmatch(entry.strip().lower()) is not None


RULES = (
    Rule(
        "KW-401",
        "API key restricted to no API",
        "Whoever finds it can use, at your cost, every API that is on in its project, also those that are switched on later.",
        Severity.HIGH,
        Subject.KEY,
        _unrestricted,
        f"{_CIS}, 1.15; OWASP NHI5:2025",
    ),
    Rule(
        "KW-402",
        "API key restricted to no caller",
        "Whoever finds it can use it from anywhere.",
        Severity.MEDIUM,
        Subject.KEY,
        _no_client,
        f"{_CIS}, 1.14",
    ),
    Rule(
        "KW-403",
        "Restriction that restricts nothing",
        "It looks restricted in every list, and is not.",
        Severity.HIGH,
        Subject.KEY,
        _restricts_nothing,
        f"{_CIS}, 1.14 and 1.15",
    ),
    Rule(
        "KW-404",
        "Key of another purpose that opens Gemini",
        "A key in a page or an app is public. Where Gemini is on, it calls Gemini on your bill.",
        Severity.CRITICAL,
        Subject.KEY,
        _opens_gemini,
        _TRUFFLE,
        needs="keyward scan --context",
    ),
    Rule(
        "KW-405",
        "Standard key for Gemini",
        "Google moves Gemini to auth keys, which are bound to a service account; unrestricted standard keys are refused since 2026-06-19.",
        Severity.MEDIUM,
        Subject.KEY,
        _standard_gemini,
        "https://ai.google.dev/gemini-api/docs/api-key, read 2026-11-20",
    ),
)
