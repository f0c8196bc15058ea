"""What kind of key it is, how many there are, and what its provider did about it."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from keyward.hygiene.estate import Estate
from keyward.hygiene.gemini import calls_gemini
from keyward.hygiene.rule import KEPT, Judgement, Rule, broken, unknown
from keyward.hygiene.say import command, day, ended, span
from keyward.model.credential import Credential, Kind, State
from keyward.model.finding import Severity, Subject
from keyward.model.verdict import reported_leaked

_CIS = "CIS Google Cloud Platform Foundation Benchmark v5.0.0"
_KEYS = "https://docs.cloud.google.com/iam/docs/best-practices-for-managing-service-account-keys"


def _blocked(key: Credential, estate: Estate, limit: None) -> Iterable[Judgement]:
    """A provider that blocks a key by itself has a reason, and whoever uses the key is without it already."""
    del limit
    if key.state is not State.BLOCKED:
        if key.live:
            yield KEPT
        return
    reason = "leaked: its provider blocked it"
    text = "Find out how it got out, then replace it; nothing that uses it works now."
    yield broken(key.state_why or "its provider blocked it", **ended(key, estate, reason, text))


def _no_key_needed(key: Credential, estate: Estate, limit: None) -> Iterable[Judgement]:
    del estate, limit
    if not key.live or key.kind is not Kind.SA_KEY:
        return
    text = (
        "Let what runs in the cloud use its own account, what runs elsewhere Workload Identity Federation, and people impersonation; "
        "then disable the key, and delete it when nothing missed it."
    )
    yield broken("it can be copied and works from anywhere", text=text, commands=[command("disable", key.id)])


def _too_many(project: str, estate: Estate, limit: int) -> Iterable[Judgement]:
    blind = estate.blind(project)
    if blind:
        yield unknown(*(f"{one.id} is {one.status.value}" for one in blind), commands=["keyward doctor"])
    accounts = Counter(
        key.bound_identity or "" for key in estate.keys_of(project) if key.live and key.kind is Kind.SA_KEY
    )
    for account, number in sorted(accounts.items()):
        if number > limit:
            text = "Two are needed while one replaces the other; revoke those that nobody uses."
            query = f"project:{project} kind:sa-key unused>30d"
            yield broken(f"{account} has {number} keys", text=text, commands=[command("list", query)], about=account)
        else:
            yield KEPT


def _reported_leaked(key: Credential, estate: Estate, limit: timedelta) -> Iterable[Judgement]:
    """Google lists such a key as any other, and tells only who tries it on Gemini."""
    if not key.live:
        return
    said = estate.answers.get(key.id)
    again = [command("verify", key.id)]
    if said is not None and reported_leaked(said.verdict, said.evidence):
        text = "Find out how it got out, then replace it; what uses it with Gemini does not work now, other APIs may still take it."
        reason = "leaked: its provider reports it"
        yield broken(f"tried on {day(said.at)}: {said.evidence}", **ended(key, estate, reason, text))
    elif not calls_gemini(key):
        return
    elif said is None:
        yield unknown("only trying it tells, and no try of it had an answer", commands=again)
    elif estate.now - said.at > limit:
        yield unknown(f"it was last tried {span(estate.now - said.at)} ago", commands=again)
    else:
        yield KEPT


RULES = (
    Rule(
        "KW-406",
        "Key blocked by its provider",
        "Providers block keys that they found in public or saw misused; some go on blocking successors until the leak is closed.",
        Severity.CRITICAL,
        Subject.KEY,
        _blocked,
        f"{_KEYS}; OWASP NHI2:2025",
    ),
    Rule(
        "KW-407",
        "Service account key where none is needed",
        "A key file is a password of a program, on a disk; accounts of machines and federation need none.",
        Severity.LOW,
        Subject.KEY,
        _no_key_needed,
        f"{_CIS}, 1.5; {_KEYS}",
    ),
    Rule(
        "KW-408",
        "Too many keys of one account",
        "Ten are the most that an account can have, and nobody replaces what nobody can tell apart.",
        Severity.LOW,
        Subject.PROJECT,
        _too_many,
        _KEYS,
        2,
        "how many live keys one service account may have",
    ),
    Rule(
        "KW-409",
        "Key reported as leaked",
        "Google found it in public. Gemini refuses it; whoever has it may still use the other APIs that it is not kept from.",
        Severity.CRITICAL,
        Subject.KEY,
        _reported_leaked,
        "https://ai.google.dev/gemini-api/docs/troubleshooting; OWASP NHI2:2025",
        timedelta(days=30),
        "how long ago a key may have been tried last",
        needs="keyward verify --all",
    ),
)
