"""How long a key has lived, and whether it ends by itself."""

from collections.abc import Iterable
from datetime import timedelta

from keyward.hygiene.estate import Estate
from keyward.hygiene.rule import KEPT, Judgement, Rule, broken, unknown
from keyward.hygiene.say import day, rotate, span
from keyward.model.credential import AgeIs, Credential, Kind
from keyward.model.finding import Severity, Subject

_CAN_EXPIRE = (Kind.SA_KEY, Kind.TOKEN)
_CIS = "CIS Google Cloud Platform Foundation Benchmark v5.0.0"
_OWASP = "https://owasp.org/www-project-non-human-identities-top-10/2025/"


def _too_old(key: Credential, estate: Estate, limit: timedelta) -> Iterable[Judgement]:
    if not key.live or key.kind is Kind.SA_KEY:
        return
    yield _age(key, estate, limit)


def _account_key_too_old(key: Credential, estate: Estate, limit: timedelta) -> Iterable[Judgement]:
    if not key.live or key.kind is not Kind.SA_KEY:
        return
    yield _age(key, estate, limit)


def _age(key: Credential, estate: Estate, limit: timedelta) -> Judgement:
    found = key.age(estate.now)
    if found is None:
        return unknown("neither when it was made nor when it was first seen is known", commands=["keyward scan"])
    age, known = found
    if age > limit:
        least = "" if known is AgeIs.EXACT else "at least "
        return broken(f"it is {least}{span(age)} old; {span(limit)} are allowed", **rotate(key, estate))
    if known is AgeIs.AT_LEAST:
        return unknown(f"it was first seen {span(age)} ago; when it was made is not known", **rotate(key, estate))
    return KEPT


def _age_unknown(key: Credential, estate: Estate, limit: None) -> Iterable[Judgement]:
    del limit
    if not key.live or (estate.placements.get(key.id) and not estate.places(key)):
        return  # what stands only in versions that are off is what a rotation left behind
    found = key.age(estate.now)
    if found is not None and found[1] is AgeIs.EXACT:
        yield KEPT
        return
    seen = "it was never seen before" if found is None else f"it was first seen {span(found[0])} ago"
    yield broken(f"no provider says when it was made; {seen}", **rotate(key, estate))


def _ends_soon(key: Credential, estate: Estate, limit: timedelta) -> Iterable[Judgement]:
    if not key.live or key.expires is None:
        return
    left = key.expires - estate.now
    if left > limit:
        yield KEPT
    elif left > timedelta(0):
        yield broken(f"it stops working in {span(left)}, on {day(key.expires)}", **rotate(key, estate))
    else:
        yield broken(f"it stopped working {span(-left)} ago, on {day(key.expires)}", **rotate(key, estate))


def _never_ends(key: Credential, estate: Estate, limit: None) -> Iterable[Judgement]:
    del limit
    if not key.live or key.kind not in _CAN_EXPIRE:
        return
    if key.expires is not None:
        yield KEPT
    else:
        yield broken("it has no end", **rotate(key, estate))


RULES = (
    Rule(
        "KW-101",
        "Key older than allowed",
        "A key that leaked unnoticed works until it is replaced; the older it is, the more copies of it there are.",
        Severity.MEDIUM,
        Subject.KEY,
        _too_old,
        f"{_CIS}, 1.16; OWASP NHI7:2025",
        timedelta(days=90),
        "how old a key may be",
    ),
    Rule(
        "KW-102",
        "Age unknown",
        "Nobody can say that it is younger than a policy allows.",
        Severity.LOW,
        Subject.KEY,
        _age_unknown,
        _OWASP,
    ),
    Rule(
        "KW-103",
        "Key ends soon",
        "What uses it stops working on that day.",
        Severity.HIGH,
        Subject.KEY,
        _ends_soon,
        _OWASP,
        timedelta(days=14),
        "how long before its end a key is to be replaced",
    ),
    Rule(
        "KW-104",
        "Key never ends",
        "A key that its provider could end by itself works for whoever finds it, for ever.",
        Severity.LOW,
        Subject.KEY,
        _never_ends,
        "OWASP NHI7:2025; https://docs.cloud.google.com/iam/docs/best-practices-for-managing-service-account-keys",
    ),
    Rule(
        "KW-105",
        "Service account key older than allowed",
        "Whoever holds a copy is that account, without a second factor, until the key is deleted.",
        Severity.MEDIUM,
        Subject.KEY,
        _account_key_too_old,
        f"{_CIS}, 1.8",
        timedelta(days=90),
        "how old a service account key may be",
    ),
)
