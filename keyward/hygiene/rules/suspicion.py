"""Use that is not as before. Every finding says the numbers that it rests on, and what they are compared with."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from statistics import median

from keyward.hygiene.daily import DAY, CallsOfDay
from keyward.hygiene.estate import Estate
from keyward.hygiene.rule import KEPT, Judgement, Rule, broken, unknown
from keyward.hygiene.say import Mending, command, span
from keyward.model.credential import Credential
from keyward.model.finding import Severity, Subject
from keyward.model.usage import UseStatus

_FORTNIGHT, _MONTH = 14, 30
"""Days that the newest one is compared with."""

_LEAST = 7
"""How many of them have to be counted for a comparison."""

_FEW = 100
"""Calls a day below which nothing is a jump or a burst: small numbers jump by themselves."""

_SOURCE = "OWASP NHI2:2025; the thresholds are keyward's own"


def _jump(key: Credential, estate: Estate, limit: int) -> Iterable[Judgement]:
    found = _compared(key, estate, _FORTNIGHT)
    if found is None or isinstance(found, Judgement):
        yield from _told(found)
        return
    last, before = found
    usual = median(one.total for one in before)
    if last.total >= _FEW and last.total > limit * usual:
        said = f"{last.total:,} calls on {last.date}; the median of {len(before)} days before is {usual:,.0f}"
        yield broken(f"{said}, and more than {limit} times that is unusual", **_look(key))
    else:
        yield KEPT


def _errors(key: Credential, estate: Estate, limit: int) -> Iterable[Judgement]:
    found = _compared(key, estate, _FORTNIGHT)
    if found is None or isinstance(found, Judgement):
        yield from _told(found)
        return
    last, before = found
    usual = _percent(sum(one.errors for one in before), sum(one.total for one in before))
    now = _percent(last.errors, last.total)
    if last.errors >= _FEW and now > limit and usual <= limit / 2:
        said = f"{last.errors:,} of {last.total:,} calls on {last.date} were refused or failed ({now:.0f} %)"
        yield broken(f"{said}; in {len(before)} days before it were {usual:.0f} %", **_look(key))
    else:
        yield KEPT


def _new_service(key: Credential, estate: Estate, limit: None) -> Iterable[Judgement]:
    del limit
    found = _compared(key, estate, _MONTH)
    if found is None or isinstance(found, Judgement):
        yield from _told(found)
        return
    last, before = found
    used = {service for one in before for service in one.services()}
    new = {service: count for service, count in last.services().items() if service not in used}
    if used and new:
        told = ", ".join(f"{service} ({count:,} calls)" for service, count in sorted(new.items()))
        said = f"on {last.date} it was used for {told}; in {len(before)} days before only for {', '.join(sorted(used))}"
        yield broken(said, **_look(key))
    else:
        yield KEPT


def _after_silence(key: Credential, estate: Estate, limit: timedelta) -> Iterable[Judgement]:
    last = _newest(key, estate)
    if last is None or isinstance(last, Judgement):
        yield from _told(last)
        return
    before = estate.days[key.id].before(last.day, limit.days)
    young = key.created is not None and estate.now - key.created <= limit
    if not last.total or young or any(one.total for one in before):
        yield KEPT  # a young key is used for the first time at some time
    elif len(before) < limit.days:
        counted = f"of the {limit.days} days before only {len(before)} were counted"
        yield unknown(f"it was used on {last.date}; {counted}", commands=["keyward scan"])
    else:
        said = f"it was used on {last.date} ({last.total:,} calls), after {span(limit)} without a call"
        yield broken(said, **_look(key))


def _while_dead(key: Credential, estate: Estate, limit: timedelta) -> Iterable[Judgement]:
    days = estate.days.get(key.id)
    if key.live or days is None or days.last is None:
        return
    gone = key.deleted.timestamp() // DAY if key.deleted is not None else 0
    tried = [one for one in days.before(days.last.day + 1, limit.days) if one.errors and one.day > gone]
    if tried:
        calls = sum(one.errors for one in tried)
        text = "Find who still has it: what they run does not work."
        said = f"{calls:,} refused calls with it on {len(tried)} of the last {limit.days} days, and it is {key.state.value}"
        yield broken(said, text=text, commands=[command("usage", key.id)])
    else:
        yield KEPT


def _newest(key: Credential, estate: Estate) -> CallsOfDay | Judgement | None:
    """The newest counted day of a live key; a judgement where none was counted, None where there is nothing to compare it with.

    Of some keys nobody keeps a record, and one that is younger than a week has no usual use yet.
    """
    young = key.created is not None and estate.now - key.created <= timedelta(days=_LEAST)
    if not key.live or young or key.last_use.status is UseStatus.UNSUPPORTED:
        return None
    days = estate.days.get(key.id)
    if days is None or days.last is None:
        return unknown("no day of its use was counted yet", commands=["keyward scan"])
    return days.last


def _compared(
    key: Credential, estate: Estate, window: int
) -> tuple[CallsOfDay, Sequence[CallsOfDay]] | Judgement | None:
    """The newest day and those before it; as `_newest` where there is nothing to compare."""
    last = _newest(key, estate)
    if last is None or isinstance(last, Judgement):
        return last
    before = estate.days[key.id].before(last.day, window)
    if len(before) < _LEAST:
        return unknown(f"{len(before)} of {window} days before were counted, too few to compare with", commands=["keyward scan"])  # fmt: skip
    return last, before


def _told(found: Judgement | None) -> Iterable[Judgement]:
    return () if found is None else (found,)


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0


def _look(key: Credential) -> Mending:
    return {"text": "Ask its owner; if nobody knows, treat it as leaked.", "commands": [command("usage", key.id)]}


RULES = (
    Rule(
        "KW-801",
        "Use jumped",
        "A stolen key is used for all that its quota gives, and the bill follows hours later.",
        Severity.HIGH,
        Subject.KEY,
        _jump,
        _SOURCE,
        5,
        "how many times the median of a fortnight a day may have",
    ),
    Rule(
        "KW-802",
        "First use after silence",
        "Who comes back after weeks may be somebody else.",
        Severity.MEDIUM,
        Subject.KEY,
        _after_silence,
        _SOURCE,
        timedelta(days=30),
        "after how long a silence use is told",
    ),
    Rule(
        "KW-803",
        "Used for something new",
        "Whoever finds a key tries what else it opens.",
        Severity.MEDIUM,
        Subject.KEY,
        _new_service,
        _SOURCE,
    ),
    Rule(
        "KW-804",
        "Burst of errors",
        "Somebody tries what the key may do, or what uses it is about to fail.",
        Severity.LOW,
        Subject.KEY,
        _errors,
        _SOURCE,
        50,
        "how many percent of a day's calls may fail, where few did before",
    ),
    Rule(
        "KW-805",
        "Dead key still tried",
        "A program runs without a key that works, or somebody tries one that leaked.",
        Severity.MEDIUM,
        Subject.KEY,
        _while_dead,
        "OWASP NHI1:2025 (improper offboarding)",
        timedelta(days=7),
        "how many days back such calls are told",
    ),
)
