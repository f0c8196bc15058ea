"""Where keys are kept: dead ones that programs still read, live ones that nobody keeps, and places that everybody can read."""

from collections.abc import Iterable, Sequence

from keyward.hygiene.estate import Estate
from keyward.hygiene.rule import KEPT, Judgement, Rule, broken, unknown
from keyward.hygiene.say import command, shell, unneeded
from keyward.model.credential import Credential, Kind, State
from keyward.model.finding import Severity, Subject
from keyward.model.placement import Role
from keyward.model.secretinfo import SecretInfo

_READ = (Role.CURRENT, Role.ALIAS)
_DEAD = {
    State.DISABLED: "disabled",
    State.RESTORABLE: "deleted",
    State.DELETED: "deleted",
    State.BLOCKED: "blocked by its provider",
    State.EXPIRED: "expired",
}
_LISTED = (Kind.API_KEY, Kind.AUTH_KEY, Kind.SA_KEY, Kind.ACCESS_KEY)


def _dead_in_store(key: Credential, estate: Estate, limit: None) -> Iterable[Judgement]:
    del limit
    held = estate.places(key, *_READ)
    if not held or key.state is State.UNKNOWN:
        return
    if key.live:
        yield KEPT
        return
    for secret in dict.fromkeys(str(place.at.secret) for place in held):
        text = "Give what reads it a key that works, or remove the secret."
        yield broken(f"{secret} holds it, and it is {_DEAD[key.state]}", text=text, commands=_alive_again(key), about=secret)  # fmt: skip


def _alive_again(key: Credential) -> list[str]:
    if key.state is State.RESTORABLE:
        return [command("restore", key.id)]
    return [command("enable", key.id)] if key.state is State.DISABLED else []


def _in_no_store(key: Credential, estate: Estate, limit: None) -> Iterable[Judgement]:
    del limit
    if not key.live or key.kind not in _LISTED:
        return
    if estate.placements.get(key.id) or key.id in estate.elsewhere:
        yield KEPT
        return
    if estate.unread:
        secrets = f"{len(estate.unread):,} secret{'s' if len(estate.unread) > 1 else ''}, such as {estate.first_unread}"
        yield unknown(f"the values of {secrets}, were not looked at", commands=["keyward scan --values all"])
        return
    if estate.unseen:
        number = len(estate.unseen)
        yield unknown(f"{number:,} sources were not seen, such as {estate.unseen[0]}", commands=["keyward doctor"])
        return
    text = "Whoever uses it has it somewhere that keyward was not shown: give it a secret, or delete it."
    yield broken("no place that was looked at holds it", text=text, commands=[unneeded(key)])


def _several_places(key: Credential, estate: Estate, limit: int) -> Iterable[Judgement]:
    held = _places(key, estate)
    if not key.live or not held:
        return
    if len(held) > limit:
        text = "Give each user a key of its own: then one can be replaced without the others."
        yield broken(f"{len(held)} places hold it: {', '.join(held)}", text=text)
    else:
        yield KEPT


def _several_environments(key: Credential, estate: Estate, limit: None) -> Iterable[Judgement]:
    del limit
    scopes = {place.at.secret.scope for place in estate.places(key, *_READ) if not place.host}
    if not key.live or not scopes:
        return
    if key.ref.scope in estate.projects:
        scopes.add(key.ref.scope)
    known = {scope: estate.environments[scope] for scope in scopes if scope in estate.environments}
    names = sorted(set(known.values()))
    if len(names) > 1:
        text = "Make a key for each environment; what is tried out in one must not reach the other."
        yield broken(f"it is used in {' and '.join(names)}: {', '.join(sorted(known))}", text=text)
    elif len(scopes) > 1 and len(known) < len(scopes):
        missing = ", ".join(sorted(scopes - set(known)))
        yield unknown(f"the environment of {missing} is not known", commands=["keyward scan --context"])
    else:
        yield KEPT


def _in_plain_text(info: SecretInfo, estate: Estate, limit: None) -> Iterable[Judgement]:
    del limit
    live = _live_keys(info, estate)
    if not live:
        return
    if not info.plaintext:
        yield KEPT
        return
    text = "Keep it in a secret manager or the keyring, and have what uses it read it there."
    yield broken(f"a file without encryption holds {_number(live)}: {', '.join(sorted(live))}", text=text)


def _read_by_others(info: SecretInfo, estate: Estate, limit: None) -> Iterable[Judgement]:
    del limit
    if not info.plaintext or not estate.read(info):
        return
    live = _live_keys(info, estate)
    if live and info.open_to is None:
        yield unknown("who may read its file could not be told")
    elif live and info.open_to:
        text = "Let only its owner read it; what ran as somebody else and read it there needs a key of its own."
        close = [shell("chmod", "go-rwx", info.ref.name)] if info.is_file else []
        yield broken(
            f"{info.open_to} may read it, and it holds {_number(live)}: {', '.join(sorted(live))}",
            text=text,
            commands=close,
        )
    elif info.open_to != "" and str(info.ref) in estate.unread:
        yield unknown("others may read it, and whether a key stands in it was not looked at", commands=["keyward scan"])
    else:
        yield KEPT


def _number(live: Sequence[str]) -> str:
    return f"{len(live)} live key{'s' if len(live) > 1 else ''}"


def _places(key: Credential, estate: Estate) -> list[str]:
    return list(dict.fromkeys(str(place.at.secret) for place in estate.places(key, *_READ)))


def _live_keys(info: SecretInfo, estate: Estate) -> list[str]:
    """Ids of the live keys in what programs read of that secret."""
    held = estate.held.get(str(info.ref), ())
    ids = dict.fromkeys(str(place.credential) for place in held if place.role in _READ)
    return [one for one in ids if (key := estate.keys.get(one)) is not None and key.live]


RULES = (
    Rule(
        "KW-301",
        "Dead key in a store",
        "What reads it there does not work, or will not once it starts again.",
        Severity.HIGH,
        Subject.KEY,
        _dead_in_store,
        "OWASP NHI1:2025 (improper offboarding)",
    ),
    Rule(
        "KW-302",
        "Live key in no store",
        "Nobody knows who uses it, so nobody can replace it.",
        Severity.MEDIUM,
        Subject.KEY,
        _in_no_store,
        "OWASP NHI1:2025 (improper offboarding)",
        needs="keyward scan --values all",
    ),
    Rule(
        "KW-303",
        "Key in several places",
        "When one of them leaks, all have to change, and nobody can tell whose use is whose.",
        Severity.LOW,
        Subject.KEY,
        _several_places,
        "OWASP NHI9:2025 (NHI reuse)",
        1,
        "how many secrets may hold one key",
    ),
    Rule(
        "KW-304",
        "Key in several environments",
        "What is tried out in one environment reaches the other.",
        Severity.HIGH,
        Subject.KEY,
        _several_environments,
        "OWASP NHI8:2025 (environment isolation)",
        needs="keyward scan --context",
    ),
    Rule(
        "KW-305",
        "Key in plain text",
        "Backups, editors, shells and every program of the same user can read it.",
        Severity.MEDIUM,
        Subject.SECRET,
        _in_plain_text,
        "OWASP NHI2:2025 (secret leakage)",
    ),
    Rule(
        "KW-306",
        "Key in a file that others may read",
        "Every program that runs on this machine under another account can copy it, and nothing tells of that.",
        Severity.HIGH,
        Subject.SECRET,
        _read_by_others,
        "OWASP NHI2:2025 (secret leakage); CWE-732 (permissions of a critical resource)",
    ),
)
