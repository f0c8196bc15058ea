"""Whether servers that keys are sent to encrypt as they must: TLS 1.2 or newer, and a certificate that holds, and goes on to hold."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from urllib.parse import urlsplit

from keyward.checklists.evaluators.evaluator import Evaluator, failed, fine, nothing, unknown
from keyward.checklists.ground import Endpoint, Ground
from keyward.checklists.item import Item, Subject, SubjectKind
from keyward.checklists.result import Outcome, Word
from keyward.checklists.tls import Look, Seen, look
from keyward.model.text import clean
from keyward.settings.values import number

_SHOWN = 5
_DAYS = 21
"""From so many days before its end on a certificate that nobody renewed is a warning."""
_AT_ONCE = 8
_BAD: Mapping[Seen, str] = {
    Seen.OLD: "speaks nothing newer than {protocol}",
    Seen.PLAIN: "speaks no TLS",
    Seen.EXPIRED: "has a certificate that ended",
    Seen.NOT_YET: "has a certificate that does not hold yet",
    Seen.OTHER_NAME: "has a certificate for another name",
    Seen.UNTRUSTED: "has a certificate that this machine does not trust",
}
_SECURE: Mapping[str, int] = {"https": 443, "wss": 443}


def _evaluate(item: Item, subject: Subject, ground: Ground) -> Outcome:
    machine = ground.machine
    if subject.kind is SubjectKind.MACHINE and subject.name != machine.host:
        return unknown(f"this is {machine.host}; what {subject.name} connects to is seen there only")
    meant = [one for one in machine.endpoints if _concerns(one, subject)]
    asked = {place: one for one in meant if (place := _place(one)) is not None}
    plain = [clean(one.url) for one in meant if _place(one) is None and not one.loopback]
    if plain:
        return failed(*(f"{one} is not encrypted" for one in plain), text="Name it with https:// or wss://.")
    if not asked:
        return nothing("every endpoint is on this machine" if meant else "keyward knows no endpoint of it")
    if not machine.probe:
        text = "A look is a handshake with each server, in which nothing is sent: run the list with --probe to let it."
        return unknown(
            f"{len(asked)} endpoint{'' if len(asked) == 1 else 's'} not looked at, because nobody asked to", text=text
        )
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        seen = dict(zip(asked, pool.map(lambda one: _looked(one, ground), asked.items()), strict=True))
    return _judged(seen, item.want.get("days", _DAYS))


def _concerns(endpoint: Endpoint, subject: Subject) -> bool:
    """A provider's are its own, a project's those of Google, this machine's all that its keys go to."""
    if subject.kind is SubjectKind.PROVIDER:
        return subject.name in endpoint.providers
    return endpoint.google if subject.kind is SubjectKind.PROJECT else endpoint.used


def _place(endpoint: Endpoint) -> tuple[str, int] | None:
    """Host and port where it is encrypted; None where it is not meant to be."""
    parts = urlsplit(endpoint.url)
    if parts.scheme not in _SECURE or not parts.hostname:
        return None
    return parts.hostname, parts.port or _SECURE[parts.scheme]


def _looked(asked: tuple[tuple[str, int], Endpoint], ground: Ground) -> Look:
    (host, port), endpoint = asked
    if endpoint.proxy:
        return Look(
            Seen.UNCLEAR,
            detail=f"it is reached through a proxy ({endpoint.proxy}), so what it shows here is not what keys meet",
        )
    return ground.once(f"tls {host} {port}", lambda: look(host, port))


def _judged(seen: Mapping[tuple[str, int], Look], days: int) -> Outcome:
    bad = [_said(place, one) for place, one in seen.items() if one.seen in _BAD]
    dark = [
        f"{_name(place)}: {one.detail}" for place, one in seen.items() if one.seen in (Seen.UNREACHABLE, Seen.UNCLEAR)
    ]
    now = datetime.now(UTC)  # certificates are of this world, whatever clock keyward follows; OpenSSL goes by the same
    left = {place: (one.ends - now).days for place, one in seen.items() if one.ends is not None}
    soon = [f"{_name(place)}: its certificate ends in {number} days" for place, number in left.items() if number < days]
    if bad:
        text = "Send it no key until whoever runs it has mended that; for an authority of your own add it to the system's store."
        return failed(*_first(bad), *_first(soon), *_first(dark), text=text)
    if dark:
        return unknown(*_first(dark), *_first(soon))
    if soon:
        return Outcome(Word.WARN, tuple(_first(soon)))
    oldest = min(one.protocol for one in seen.values())
    servers = f"{len(seen)} server{'' if len(seen) == 1 else 's'}"
    return fine(f"{servers}: {oldest} or newer, certificates hold for {min(left.values())} days or more")


def _said(place: tuple[str, int], one: Look) -> str:
    words = _BAD[one.seen].format(protocol=one.protocol or "TLS 1.1")
    return f"{_name(place)} {words}" + (f" ({one.detail})" if one.detail else "")


def _name(place: tuple[str, int]) -> str:
    host, port = place
    return clean(host if port == _SECURE["https"] else f"[{host}]:{port}" if ":" in host else f"{host}:{port}")


def _first(lines: Sequence[str]) -> list[str]:
    return [*lines[:_SHOWN], *([f"and {len(lines) - _SHOWN:,} more"] if len(lines) > _SHOWN else [])]


EVALUATOR = Evaluator(
    "tls",
    "how the servers encrypt that keys are sent to",
    frozenset({SubjectKind.MACHINE, SubjectKind.PROVIDER, SubjectKind.PROJECT}),
    _evaluate,
    {"days": number},
)
