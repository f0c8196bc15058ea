"""Whether a key is used. Not knowing is not the same as not used, and the window is always told."""

from collections.abc import Iterable
from datetime import timedelta

from keyward.hygiene.estate import Estate
from keyward.hygiene.rule import KEPT, Judgement, Rule, broken, unknown
from keyward.hygiene.say import day, span, unneeded
from keyward.model.credential import Credential
from keyward.model.finding import Severity, Subject
from keyward.model.usage import UseStatus

_SOURCE = "OWASP NHI1:2025 (improper offboarding)"
_WHY_UNKNOWN = {
    UseStatus.DENIED: "reading the record of its use was denied",
    UseStatus.UNSUPPORTED: "nobody keeps a record of its use",
    UseStatus.FAILED: "reading the record of its use failed",
    UseStatus.NOT_SCANNED: "the record of its use was not read",
}
_REVOKE = "If nothing needs it, delete it; that is refused while use of it is seen."


def _unused(key: Credential, estate: Estate, limit: timedelta) -> Iterable[Judgement]:
    if not key.live:
        return
    use = key.last_use
    if use.status in _WHY_UNKNOWN:
        yield _unknown(key)
    elif use.at is not None:
        silent = estate.now - use.at
        yield _gone(key, f"last used {span(silent)} ago, on {day(use.at)}") if silent > limit else KEPT
    elif key.created is not None and estate.now - key.created <= limit:
        yield KEPT  # too young to be called unused
    elif use.status is UseStatus.NEVER:
        return  # KW-202 says so
    elif timedelta(days=use.window_days or 0) >= limit:
        yield _gone(key, f"not seen in use in {use.window_days} days, which is as far as {use.source} reaches")
    else:
        yield unknown(f"not seen in use, but {use.source} reaches back {use.window_days} days only; {span(limit)} are asked for")  # fmt: skip


def _never(key: Credential, estate: Estate, limit: timedelta) -> Iterable[Judgement]:
    if not key.live:
        return
    use = key.last_use
    if use.status in _WHY_UNKNOWN:
        yield _unknown(key)
    elif use.status is not UseStatus.NEVER or key.created is None or estate.now - key.created <= limit:
        yield KEPT
    else:
        yield _gone(key, f"never used since it was made on {day(key.created)}, as {use.source} tells")


def _unknown(key: Credential) -> Judgement:
    why = _WHY_UNKNOWN[key.last_use.status]
    return unknown(f"{why}{f' ({key.last_use.detail})' if key.last_use.detail else ''}", commands=["keyward doctor"])


def _gone(key: Credential, evidence: str) -> Judgement:
    return broken(evidence, text=_REVOKE, commands=[unneeded(key)])


RULES = (
    Rule(
        "KW-201",
        "Key not used",
        "Nobody misses it, and nobody would notice who uses it next.",
        Severity.MEDIUM,
        Subject.KEY,
        _unused,
        _SOURCE,
        timedelta(days=30),
        "for how long a key may be silent",
    ),
    Rule(
        "KW-202",
        "Key never used",
        "It was made, copied somewhere and forgotten.",
        Severity.LOW,
        Subject.KEY,
        _never,
        _SOURCE,
        timedelta(days=7),
        "how old an unused key may be",
    ),
)
