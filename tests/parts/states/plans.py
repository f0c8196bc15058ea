"""What rotating keys would do: one key, several, and what is in the way; made by the real planner from made-up facts."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

from keyward.desk.agreeing import policy
from keyward.model.capability import Can, CrashClass, Readiness, Ready
from keyward.model.credential import Credential, Kind, Restrictions
from keyward.model.credential import State as KeyState
from keyward.model.errors import SourceError
from keyward.model.ids import CredentialRef
from keyward.model.usage import LastUse, UseStatus
from keyward.providers.interface import Want
from keyward.rotation.facts import Facts, KeyAsRead, PlaceFacts
from keyward.rotation.places import Holds
from keyward.rotation.plan import plan
from keyward.rotation.state import KeyFacts
from keyward.settings.schema import Settings
from keyward.tui.screens.plan import PlanScreen
from keyward.tui.screens.plan_edit import EditPlan
from tests.parts.desk import NOW, Desk
from tests.parts.states import Shown, State
from tests.parts.states.lists import AWAY, GRANT, KEYS, PARTLY, READ, SCANNED

IDS = tuple(f"google-api-keys:acme-{scope}/k{number}" for number, scope in ((1, "prod"), (2, "prod"), (3, "dev")))
NAMES = dict(zip(IDS, ("maps", "checkout", "search [/bold]"), strict=True))
CAN = tuple(sorted(can.value for can in (Can.CREATE, Can.RESTORE, Can.READ_VALUE)))


def place(name, scope="acme-prod", **more):
    """A secret that holds the key."""
    at = f"gsm:{scope}/{name}"
    return PlaceFacts(
        at, at.partition("#")[0], at.partition("#")[2], "gsm", scope, "2", **{"holds": Holds.OLD, "form": "raw", **more}
    )


TWO = (place("maps", accepted=True, how="accepted by ana on 3 Feb 2026"), place("web#MAPS", form="dotenv"))
MAY = Readiness("create keys", Ready.YES, permission="apikeys.keys.create")
MAY_NOT = replace(MAY, ready=Ready.NO, why="denied", fix=GRANT)
NOT_KNOWN = replace(MAY, ready=Ready.UNKNOWN, why="testing permissions was denied")


def read(key, places=TWO, ready=MAY, sources=READ, **more):
    """One key as it was read for a plan."""
    ref = CredentialRef.parse(key)
    found = Credential(
        ref, Kind.API_KEY, KeyState.ACTIVE, name=NAMES[key], created=NOW - timedelta(days=412), restrictions=Restrictions(),
        fingerprint="f" * 32, last_use=LastUse(UseStatus.NOT_SEEN, window_days=42),
    )  # fmt: skip
    return KeyAsRead(
        id=key, credential=found, facts=KeyFacts.of(found), crash=CrashClass.NAMED, can=CAN, readiness=(ready,), places=tuple(places),
        want=Want(ref.scope, found.name, found.restrictions, {}, None), sources=tuple(sources), last_use=found.last_use,
        dead_after=(480.0, 1800.0), audited_reads=2, **more,
    )  # fmt: skip


def planner(reading, held=None):
    """`Desk.plan` over these keys as read, by id; after the first time it never answers where `held` is given, or raises it."""
    asked = []

    def make(ids, changes, _stop=None):
        asked.append(ids)
        if held is not None and len(asked) > 1:
            if isinstance(held, Exception):
                raise held
            held()
        wanted = set(changes.accept_target)
        keys = tuple(
            replace(one, places=tuple(replace(at, accepted=at.accepted or at.at in wanted) for at in one.places))
            for one in map(reading, ids)
        )
        parts = SimpleNamespace(settings=Settings(), setting_rows=tuple)
        facts = Facts(NOW, keys, "ana", "ana@acme.example", "emulator:test", "laptop", ("http://127.0.0.1:8085/",))
        return plan(facts, policy(parts, changes))

    return make


def planning(reading, again=None, sources=READ):
    """A desk that plans these."""

    def make(held):
        later = held if again == "held" else again
        answer = reading if isinstance(reading, Exception) else held if reading == "held" else planner(reading, later)
        return Desk(KEYS, sources, SCANNED, plan=answer, apply=held)

    return make


def opening(*keys, then=(), waiting="maps"):
    """A plan for these keys, and keys that are pressed when it stands."""

    async def go(stage):
        await stage.shows(waiting)
        stage.app.open_plan(list(keys))
        if then:
            await stage.shows("Places that hold it")
            await stage.press(*then)

    return go


def _three(key):
    """Three keys: one with places to accept, one that may not be made, one that nobody knows a place of."""
    if key == IDS[0]:
        return read(key)
    return read(key, (place("shop", accepted=True),), MAY_NOT) if key == IDS[1] else read(key, ())


def _plan():
    one, three = opening(IDS[0]), opening(*IDS)
    accepted = (TWO[0], replace(TWO[1], accepted=True, how="accepted now"))
    unread = replace(TWO[1], holds=None, problem="cannot be read: no answer", accepted=True)
    new = place("copy", new=True)
    hand = place("notes", here=False, host="build-7")
    partly = (*READ, *PARTLY)
    reach = "See that apikeys.googleapis.com can be reached from here."
    no_answer = SourceError("Keys of acme-prod: no answer.", status="unreachable", hint=reach)
    broken = SourceError("Keys of acme-prod: internal error.", status="failed")
    return {
        "normal": State(planning(lambda key: read(key, accepted)), one, ("ready", "read-only: W switches", "create a key", "accepted by ana")),
        "loading": State(planning("held"), one, ("Planning ...", "Nothing is changed.")),
        "empty": State(planning(lambda key: read(key, ())), one, ("no place is known", "cannot be applied yet")),
        "partial": State(
            planning(lambda key: read(key, accepted, NOT_KNOWN, partly), sources=partly), one,
            ("! not looked at", "gsm:acme-dev (partial) and 16 payloads", "create keys: not known"),
        ),
        "denied": State(
            planning(lambda key: read(key, accepted, MAY_NOT)), one, ("cannot be applied yet", "apikeys.keys.create", "gcloud projects"),
        ),
        "offline": State(
            planning(lambda key: read(key, (TWO[0], unread), sources=(*READ, AWAY))), one, ("unreadable", "no answer", "in the way"),
        ),
        "error": State(planning(broken), one, ("Source failed", "internal error", "^R tries again.")),
        "unreachable": State(planning(no_answer), one, ("no answer", "can be reached", "^R tries again.")),
        "places to accept": State(
            planning(lambda key: read(key, (*TWO, new, hand))), one, ("Space accepts", "NEW", "on build-7"),
        ),
        "planning again": State(planning(lambda key: read(key, (*TWO, new)), "held"), opening(IDS[0], then=("j", "space")),
                                ("planning again ...",)),
        "planned again in vain": State(
            planning(lambda key: read(key, TWO), no_answer), opening(IDS[0], then=("ctrl+r",)), ("no answer", "^R tries again."),
        ),
        "the last step": State(planning(lambda key: read(key, accepted)), opening(IDS[0], then=("tab", "G")), ("step 9", "disable the versions", "undo")),
        "the end of the page": State(
            planning(lambda key: read(key, accepted)), opening(IDS[0], then=("tab", "G", "G")), ("acting as", "gone for good", "keyward rotate"),
        ),
        "several keys": State(planning(_three), three, ("KEY IS", "not allowed", "blocked", "to accept")),
        "several keys, some left out": State(
            planning(_three), opening(*IDS, then=("j", "x", "j", "x")), ("- left out", "2 left out"),
        ),
        "several keys, all left out": State(
            planning(_three), opening(*IDS[:2], then=("x", "j", "x")), ("every key is left out",),
        ),
    }  # fmt: skip


def _edit():
    def editing(*keys):
        async def go(stage):
            await opening(IDS[0], then=("e",))(stage)
            await stage.shows("Options of this plan")
            await stage.press(*keys)

        return go

    wrong = (*("backspace",) * 3, *"soon", "enter")
    return {
        "normal": State(planning(read), editing(), ("Both keys work for", "24h", "Retire", "Cancel", "Plan again")),
        "error": State(planning(read), editing(*wrong), ("✗",)),
    }


def shown():
    """The screens of this module."""
    dialog = dict.fromkeys(
        ("loading", "empty", "partial", "denied", "offline"), "it is filled in from the plan; nothing is read"
    )
    return (Shown(PlanScreen, _plan(), {}), Shown(EditPlan, _edit(), dialog))
