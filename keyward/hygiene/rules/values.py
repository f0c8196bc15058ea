"""What is written where a key belongs: one that nobody can use as it stands, none at all, or one that shows itself."""

import re
from collections.abc import Iterable, Iterator

from keyward.hygiene.estate import Estate
from keyward.hygiene.rule import KEPT, Judgement, Rule, broken, unknown
from keyward.hygiene.say import command, shell
from keyward.model.credential import Credential
from keyward.model.detectors import BY_KIND
from keyward.model.finding import Severity, Subject
from keyward.model.ids import SHAPE
from keyward.model.secretinfo import SecretInfo
from keyward.model.trait import Noted, Trait, Twins

_READ = "keyward scan --values all"
_NOT_READ = unknown("its value was not read", commands=[_READ])
_AGAIN = re.compile(r"~\.\d+\Z")
"""How the name of a part goes on that is the second of its name."""
_NO_SECRET = re.compile(
    r"(?:(?i:(?:^|[_./-])(?:u?u?id|guid|hash|sha\d{0,3}|digest|checksum|version|commit|revision|public[_-]?key))|(?<=[a-z])(?:Id|Hash|PublicKey))\Z"
)
"""How variables are called that hold something random which is no secret."""


def _white_space(info: SecretInfo, estate: Estate, limit: None) -> Iterable[Judgement]:
    """In a file a line end ends the line; a store that hands out the whole payload hands it out too."""
    del limit
    if not estate.read(info) or info.is_file:
        return
    if str(info.ref) in estate.unread:
        yield _NOT_READ
        return
    found = [(one, key) for one, key in _noted(info, estate, Trait.BLANKS) if key is not None and key.live]
    for one, _ in found:
        said = "white space stands before or behind the key, and whoever reads it gets that too"
        text = "Write it again without (there, where Terraform or another tool manages it); what reads it at its start has to start again."
        alias = next((name for name, version in info.aliases.items() if version == one.at.version), "")
        if one.at.version != info.current and alias:
            text += f" Then point the alias {alias} at the new version."
        version = one.at.version or ""
        yield broken(said, text=text, commands=_written_again(info, version), about=f"version {version}" if alias else "")  # fmt: skip
    if not found:
        yield KEPT


def _written_again(info: SecretInfo, version: str) -> list[str]:
    """The value goes from one program to the other through pipes: it is in no argument and in no file."""
    names = [shell(one) for one in info.ref.locator]
    if info.ref.store == "keyring":
        read, write = f"keyring get {names[0]} {names[-1]}", f"keyring set {names[0]} {names[-1]}"
    elif info.ref.store == "gsm":
        where = "".join([f" --project={names[0]}", *(f" --location={one}" for one in names[1:-1])])
        read = f"gcloud secrets versions access {shell(version)} --secret={names[-1]}{where}"
        write = f"gcloud secrets versions add {names[-1]}{where} --data-file=-"
    else:
        return []
    return [f'(v=$({read} | tr -d \'[:space:]\'); [ -n "$v" ] && printf %s "$v" | {write})']


def _twins(info: SecretInfo, estate: Estate, limit: None) -> Iterable[Judgement]:
    """A key in several secrets is KW-303's; here are the same value twice in one secret, and values that are no key in several."""
    del limit
    if not estate.read(info):
        return
    own = str(info.ref)
    if own in estate.unread:
        yield _NOT_READ
        return
    kept = True
    for one in estate.twins.get(own, ()):
        places = _places(one, own, estate)
        if not places:
            continue
        kept = False
        if places[0][0] == own:  # it is told once, at the first
            said = [f"{secret}{f'#{part}' if part else ''}" for secret, part in places]
            text = "Keep it in one of them and have the others read it there, or give each a value of its own."
            yield broken(f"{len(said)} places hold the same value: {', '.join(said)}", text=text, about=places[0][1])
    if kept:
        yield KEPT


def _places(one: Twins, own: str, estate: Estate) -> list[tuple[str, str]]:
    """(secret, part) of all that hold it under different names; empty where there is one name.

    Files of one project on one machine (`.env`, `.env.local`, a second checkout) repeat a variable under its own name; that is one name.
    """
    found, names = set(), set()
    for place in one.places:
        info, part = estate.secrets.get(str(place.secret)), _AGAIN.sub("", place.part)
        if info is None or not estate.read(info) or (one.known and str(place.secret) != own):
            continue
        if not one.known and _NO_SECRET.search(part):
            return []  # what is called an id somewhere is one everywhere
        found.add((str(place.secret), part))
        names.add(part if info.is_file else (str(place.secret), part))
    return sorted(found) if len(names) > 1 else []


def _fabricated(info: SecretInfo, estate: Estate, limit: None) -> Iterable[Judgement]:
    del limit
    if not estate.read(info) or info.labels.get("template"):
        return
    if str(info.ref) in estate.unread:
        yield _NOT_READ
        return
    text = "Put a key that works there, or take it out."
    kept = True
    for one, _ in _noted(info, estate, Trait.MADE_UP):
        kept = False
        yield broken(f"{_part(one)} only stands for a key", text=text, about=one.at.part)
    for one, key in _noted(info, estate, Trait.UNFIT):
        if key is not None and key.ref.provider != SHAPE:
            continue  # its provider knows better
        kept = False
        said = f"{_part(one)} has the shape of a {BY_KIND[one.kind].label}, and its own checksum or structure does not fit: it looks fabricated"
        swap = [command("swap", key.id)] if key is not None else []
        yield broken(said, text=text, commands=swap, about=one.at.part)
    if kept:
        yield KEPT


def _in_address(info: SecretInfo, estate: Estate, limit: None) -> Iterable[Judgement]:
    del limit
    if not estate.read(info):
        return
    if str(info.ref) in estate.unread:
        yield _NOT_READ
        return
    found = [(one, key) for one, key in _noted(info, estate, Trait.IN_QUERY) if key is not None and key.live]
    for one, key in found:
        text = "Send it in a header where its provider takes one (Google: x-goog-api-key, OpenAI and others: Authorization), then replace it."
        yield broken(f"{key.id} stands in the query of an address in {_part(one)}", text=text, about=one.at.part)
    if not found:
        yield KEPT


def _noted(info: SecretInfo, estate: Estate, trait: Trait) -> Iterator[tuple[Noted, Credential | None]]:
    """Where that was seen in what programs read of the secret, and the key that stands there."""
    read = estate.read(info)
    for one in estate.noted.get(str(info.ref), ()):
        if trait in one.traits and one.at.version in read:
            held = (place for place in estate.held.get(str(info.ref), ()) if place.at == one.at)
            yield one, next((estate.keys.get(str(place.credential)) for place in held), None)


def _part(one: Noted) -> str:
    return f"#{one.at.part}" if one.at.part else "what it holds"


RULES = (
    Rule(
        "KW-307",
        "White space around a key",
        "Most programs send it as part of the key, and the provider refuses that; it is hard to see in any log.",
        Severity.MEDIUM,
        Subject.SECRET,
        _white_space,
        "RFC 9110, 5.5: a field's value takes no line feed",
        needs=_READ,
    ),
    Rule(
        "KW-308",
        "One value under several names",
        "Whoever replaces it under one name forgets the others, and what reads those goes on with the old one.",
        Severity.LOW,
        Subject.SECRET,
        _twins,
        "OWASP NHI9:2025 (NHI reuse)",
        needs=_READ,
    ),
    Rule(
        "KW-309",
        "No key where one belongs",
        "What reads it never worked, or works without: either way nobody looked.",
        Severity.MEDIUM,
        Subject.SECRET,
        _fabricated,
        "https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/ (a checksum in a key); OWASP NHI1:2025",
        needs=_READ,
    ),
    Rule(
        "KW-310",
        "Key in an address",
        "Servers, proxies and browsers write addresses into logs and histories, and pages hand them on.",
        Severity.MEDIUM,
        Subject.SECRET,
        _in_address,
        "OWASP NHI2:2025 (secret leakage); RFC 9110, 17.9: sensitive information in URIs",
        needs=_READ,
    ),
)
