"""Rotations: while they happen, all that were, and one of them line by line."""

from datetime import timedelta
from types import SimpleNamespace

from keyward.ledger.records import RotationRow, RotationState, WaitingOn
from keyward.model.credential import Credential, Kind
from keyward.model.credential import State as KeyState
from keyward.model.errors import (
    Exit,
    FingerprintKeyMissing,
    LedgerBroken,
    NotConfigured,
    Refused,
    SourceError,
    UnknownKey,
)
from keyward.model.events import CallMade, StepDone, StepStarted, Waiting
from keyward.model.ids import CredentialRef
from keyward.providers.interface import Want
from keyward.rotation.history import History
from keyward.rotation.history import Line as Said
from keyward.rotation.outcome import Outcome
from keyward.rotation.policy import Policy
from keyward.rotation.state import KeyFacts, Rotation
from keyward.tui.live import KeyLive, Line, Live
from keyward.tui.screens.history import HistoryScreen
from keyward.tui.screens.record import RecordScreen
from keyward.tui.screens.rotation import RotationScreen
from tests.parts.desk import NOW
from tests.parts.states import Shown, State
from tests.parts.states.lists import GRANT, known, pressing

MAPS, SEARCH = "google-api-keys:acme-prod/k1", "google-api-keys:acme-dev/k3"
STEPS = (
    ("create", "", "create a key like it in acme-prod, with its display name and restrictions"),
    ("verify", "", "use the new key once, until its provider recognises it"),
    ("write", "gsm:acme-prod/maps", "write gsm:acme-prod/maps (version 2, raw)"),
    ("write", "gsm:acme-prod/web#MAPS", "write gsm:acme-prod/web#MAPS (version 7, dotenv)"),
    ("overlap", "", "both keys work for 1d"),
    ("gate", "", "read every place again, prove the new key, and see that nobody uses the old one"),
    ("retire", "", "delete the old key"),
    ("confirm", "", "probe it until it is dead (usually 480 s)"),
)
LONG_AGO, SOON = "2026-11-01T12:00:00Z", "2026-12-01T12:00:00Z"
BROKEN = LedgerBroken(
    "The ledger /h/ledger.db cannot be read: database disk image is malformed. It was not changed.",
    hint="Restore it from a backup, or move it away and run `keyward doctor`, which rebuilds what the markers at the providers tell.",
)
AWAY = NotConfigured(
    "The ledger postgresql://db.acme.example/keyward cannot be used: the server does not answer.",
    hint="See that it runs and can be reached from here.",
)


# While they happen


def key(of, name, rotation=""):
    """A key with its steps."""
    one = KeyLive(of, name, rotation)
    for step, target, what in STEPS:
        one.add(Line(step, target, what))
    return one


def run(*events, keys=(("r1", MAPS, "maps"),), ended=(), error=None, calls=()):
    """A run of which this much was heard; it is over where `ended` says how, or `error` why."""
    live = Live("rotate", [key(of, name) for _, of, name in keys])
    live.belongs({rotation: of for rotation, of, _ in keys})
    for event in (*events, *calls):
        live.hear(event, NOW)
    if ended:
        live.ended(ended)
    if error is not None:
        live.failed(error)
    return live


def done(step, target="", detail="", rotation="r1"):
    """A step that went well."""
    return StepDone(rotation, step, True, detail, target)


def begun(step, target="", rotation="r1"):
    """A step that began."""
    return StepStarted(rotation, step, next(what for name, at, what in STEPS if (name, at) == (step, target)), target)


def outcome(rotation="r1", of=MAPS, state=RotationState.OVERLAP, **more):
    """How a rotation stands at the end of a run."""
    facts = {
        "waiting_on": WaitingOn.TIME,
        "why": "both keys work until then",
        "due": NOW + timedelta(days=1),
        "exit_code": Exit.OK,
    }
    return Outcome(rotation, of, f"{of}-new", state, **{**facts, **more})


MADE = (done("create", detail="made k1-new"), done("verify", detail="works: 200"))
WRITTEN = (
    *MADE,
    done("write", "gsm:acme-prod/maps", "2 -> 3, read back and equal"),
    done("write", "gsm:acme-prod/web#MAPS", "7 -> 8, read back and equal"),
    done("cut-over", detail="every place has the new key"),
)
CALLS = (
    CallMade(NOW, "POST", "127.0.0.1", "/v2/projects/acme-prod/locations/global/keys?keyId", "200", 412),
    CallMade(NOW, "GET", "127.0.0.1", "/v2/operations/o1", "200", 38),
    CallMade(
        NOW, "RPC", "secretmanager.googleapis.com", "SecretManagerService/AddSecretVersion", "PERMISSION_DENIED", 61
    ),
    CallMade(NOW, "GET", "apikeys.googleapis.com", "/v2/operations/o2", "no answer", 30_000),
)


def showing(live, *keys):
    """The screen of this run, and keys that are pressed there."""

    async def go(stage):
        await stage.shows("maps")
        await stage.push(RotationScreen(live()))
        await stage.shows("L Requests")
        await stage.press(*keys)

    return go


def _rotation():
    def one(says, *args, press=(), **more):
        return State(known(rotations=[]), showing(lambda: run(*args, **more), *press), says)

    denied = StepDone(
        "r1",
        "write",
        False,
        f"Secret maps: Permission 'secretmanager.versions.add' denied. {GRANT}",
        "gsm:acme-prod/maps",
    )
    use = Waiting("r1", "use", "14 calls by others in the last hour", NOW + timedelta(hours=2))
    person = Waiting(
        "r1", "person", "gsm:acme-prod/web#MAPS holds neither key: `keyward history r1` says what was found"
    )
    refused = Refused(
        "Key maps: the organisation's policy forbids it.", hint="Ask whoever looks after the policy, then go on with R."
    )
    no_answer = SourceError("Keys of acme-prod: no answer.", status="unreachable")
    two = (("r1", MAPS, "maps"), ("r2", SEARCH, "search [/bold]"))
    safe, shut = ("Esc leaves it at work", "elapsed 0:00"), ("Closing this window is safe",)
    person_needed = outcome(
        waiting_on=WaitingOn.PERSON, why=person.why, due=None, notes=("a temporary file was left: /h/.env.keyward-r1",)
    )
    closed = outcome(state=RotationState.DONE, waiting_on=WaitingOn.NOTHING, why="", due=None)
    return {
        "normal": one(("3 of 8 steps", "under way", "keyward resume r1", *safe), *WRITTEN[:3], begun("write", "gsm:acme-prod/web#MAPS")),
        "loading": one(("0 of 8 steps", "at work", *safe)),
        "waiting for use": one(("waits for use", "14 calls by others", "until 14:00 UTC", *safe), *WRITTEN, use),
        "at rest": one(("overlap", "rests until 2026-11-21 12:00 UTC", "goes on", *shut), *WRITTEN, ended=(outcome(),)),
        "waiting for a person": one(
            ("waits for person", "holds neither key", "loose end", *shut), *MADE, person, ended=(person_needed,),
        ),
        "denied": one(("FAILED", "secretmanager.versions.add", "gcloud projects"), *MADE, denied),
        "offline": one(("stopped", "no answer", "R goes on with it", *shut), *MADE, begun("write", "gsm:acme-prod/maps"), error=no_answer),
        "error": one(("stopped", "Refused", "forbids it", "do", *shut), begun("create"), error=refused),
        "requests": one(("REQUEST", "no answer", "request GET apikeys.googleapis.com /v2/operations/o2"), *WRITTEN[:2], calls=CALLS, press=("L",)),
        "requests, hidden": one(("4 were made", "L shows them"), *WRITTEN[:2], calls=CALLS),
        "several keys": State(
            known(rotations=[]), showing(lambda: run(*WRITTEN, use, StepDone("r2", "create", False, "denied"), keys=two)),
            ("2 keys", "search [/bold]", "waits", "FAILED"),
        ),
        "done": one(("done", "It is over; the history keeps what was done."), *WRITTEN, *(done(step) for step in ("gate", "retire", "confirm")), ended=(closed,)),
    }  # fmt: skip


# All that were


def row(number, name, state, *, actor="ana", scope="acme-prod", waiting=WaitingOn.NOTHING, why="", **data):
    """A rotation in the ledger."""
    of = f"google-api-keys:{scope}/k{number}"
    old = {"id": of, "name": name}
    return RotationRow(
        f"r{number}", of, state, {"old": old, **data}, waiting_on=waiting, why=why, actor=actor, host="laptop",
        created=NOW - timedelta(days=number),
    )  # fmt: skip


ROWS = (
    row(1, "maps", RotationState.OVERLAP, waiting=WaitingOn.TIME, overlap_until=SOON),
    row(
        2,
        "checkout",
        RotationState.DISTRIBUTING,
        actor="ci",
        waiting=WaitingOn.PERSON,
        why="gsm:acme-prod/web holds neither key",
    ),
    row(3, "search [/bold]", RotationState.DONE, actor="ci", scope="acme-dev", revoked=LONG_AGO, undo_until=SOON),
    row(4, "vision", RotationState.DONE, actor="ci", scope="acme-shop", revoked=LONG_AGO, undo_until=LONG_AGO),
    row(5, "billing", RotationState.ABORTED, scope="acme-dev"),
)


def _history():
    no_key = FingerprintKeyMissing(
        "Without the fingerprint key the audit trail cannot be checked.", hint="`keyward doctor` says where."
    )
    torn = SimpleNamespace(fine=False, lines=17, misfit=17)
    there = pressing("4")

    def of(rows=ROWS, **more):
        return known(**{"rotations": list(rows) if isinstance(rows, tuple) else rows, **more})

    return {
        "normal": State(
            of(),
            there,
            ("5 rotations, 2 open · audit chain intact (3 lines)", "distributing", "U at any time", "was undone"),
        ),
        "loading": State(of("held", check_trail="held"), there, ("Reading ...", "checking ...")),
        "empty": State(of(()), there, ("Nothing was rotated yet.", "r in the inventory shows a plan.")),
        "partial": State(of(check_trail=no_key), there, ("2 open", "audit chain not looked at", "keyward doctor")),
        "offline": State(
            of(AWAY, check_trail=AWAY),
            there,
            ("the server does not answer", "can be reached", "Esc goes back · 5 says what is missing."),
        ),
        "error": State(of(BROKEN, check_trail=BROKEN), there, ("Broken ledger", "Restore it from a backup")),
        "a broken chain": State(of(check_trail=torn), there, ("BROKEN at line 17", "keyward audit verify")),
        "filtered": State(of(), pressing("4", "slash", *"ci"), ("3 of 5 rotations", "vision")),
        "filtered, nothing left": State(of(), pressing("4", "slash", *"zebra"), ("No rotation has these words.",)),
    }


# One of them


def story(state=RotationState.OVERLAP, lines=None, **more):
    """The history of one rotation."""
    old = KeyFacts.of(Credential(CredentialRef.parse(MAPS), Kind.API_KEY, KeyState.ACTIVE, name="maps"))
    turned = Rotation("r1", old, Want("acme-prod"), Policy(), state=state, actor="ana", host="laptop", **more)
    return History(turned, LINES if lines is None else lines, NOW, NOW, None, ())


def said(seq, kind, step="", target="", **more):
    """A line of it."""
    return Said(seq, NOW - timedelta(minutes=20 - seq), "ana", "laptop", kind, step, target, **more)


LINES = (
    said(1, "accepted", "", "gsm:acme-prod/maps", reason="in the plan"),
    said(2, "intent", "create", what="create a key like it"),
    said(3, "outcome", "create", evidence="made k1-new", ok=True),
    said(4, "verdict", "verify", verdict="works", evidence="200", ok=True),
    said(5, "outcome", "write", "gsm:acme-prod/maps", before="2", after="3", evidence="read back and equal", ok=True),
    said(
        6,
        "outcome",
        "write",
        "gsm:acme-prod/web#MAPS",
        evidence="Permission 'secretmanager.versions.add' denied",
        ok=False,
    ),
    said(7, "state", more={"from": "distributing", "to": "overlap"}),
)


def _record():
    gone = UnknownKey("There is no rotation r1.", hint="`keyward history` lists them.")

    def opened(*keys):
        async def go(stage):
            await stage.shows("maps")
            await stage.push(RecordScreen("r1"))
            if keys:
                await stage.shows("WHAT")
                await stage.press(*keys)

        return go

    def of(history, rows=ROWS):
        return known(history=history, rotations=list(rows) if isinstance(rows, tuple) else rows)

    waits = {"awaits": ("build-7",), "awaited_since": NOW - timedelta(days=2)}
    return {
        "normal": State(
            of(story()), opened(), ("maps: overlap", "by ana on laptop", "U undoes it", "2 -> 3 read back", "accepted")
        ),
        "loading": State(of("held", "held"), opened(), ("Reading ...",)),
        "empty": State(of(story(RotationState.PLANNED, ())), opened(), ("maps: planned", "Nothing was done yet")),
        "partial": State(of(story(**waits)), opened(), ("waits for build-7 since 2026-11-18",)),
        "denied": State(
            of(story(RotationState.DISTRIBUTING)), opened("G", "k"), ("secretmanager.versions.add", "evidence")
        ),
        "offline": State(of(AWAY, AWAY), opened(), ("the server does not answer",)),
        "error": State(of(gone), opened(), ("There is no rotation r1.", "keyward history")),
    }


def shown():
    """The screens of this module."""
    return (
        Shown(
            RotationScreen, _rotation(),
            {"empty": "a run has a key from its beginning", "partial": "a run reads its places itself, one by one"},
        ),
        Shown(HistoryScreen, _history(), {"denied": "the ledger is this machine's or one's own; what denies is in its error"}),
        Shown(RecordScreen, _record(), {}),
    )  # fmt: skip
