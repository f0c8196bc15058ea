"""The list of keys, what was read of it, and one key in full."""

from dataclasses import replace
from datetime import timedelta

from keyward.desk.timeline import Moment
from keyward.desk.using import KeyUsage
from keyward.desk.where_used import WhereUsed
from keyward.desk.wish import ScanSummary
from keyward.inventory.snapshots.days import DayCalls, DayState
from keyward.model.credential import Credential, Kind
from keyward.model.credential import State as KeyState
from keyward.model.errors import AnotherWorld, KeywardError, UnknownKey
from keyward.model.events import QuotaWait, ScanStarted, SourceDone, SourceProgress
from keyward.model.ids import CredentialRef
from keyward.model.source import SourceReport, SourceStatus
from keyward.model.usage import NOT_SCANNED, LastUse, UseStatus
from keyward.tui.screens.coverage import CoverageScreen
from keyward.tui.screens.inventory import InventoryScreen
from keyward.tui.screens.key import KeyScreen
from tests.parts import found
from tests.parts.desk import DAY, NOW, Desk, row
from tests.parts.states import Shown, State

KEY = "google-api-keys:acme-prod/k1"
SCANNED = NOW - timedelta(minutes=3)
GRANT = "gcloud projects add-iam-policy-binding acme-shop --member=user:ana@acme.example --role=roles/serviceusage.apiKeysViewer"


def key(number, name, scope="acme-prod", days=12, **more):
    """A row with a short id."""
    of = f"google-api-keys:{scope}/k{number}"
    made = {
        "id": of,
        "name": name,
        "scope": scope,
        "created": NOW.timestamp() - days * DAY,
        "places": 1,
        "stores": ("gsm",),
    }
    made |= {
        "secrets": (f"gsm:{scope}/{name or number}",),
        "last_used_status": "used",
        "last_used_at": NOW.timestamp() - 7_200,
    }
    return row(number, **{**made, **more})


KEYS = (
    key(1, "maps", days=412, restrictions=("maps-backend.googleapis.com",)),
    key(2, "checkout", days=97, last_used_status="not_seen", places=3, restrictions=()),
    key(3, "search [/bold]", "acme-dev", 20, last_used_status="never", places=0, secrets=(), stores=()),
    key(4, "", "acme-dev", 200, last_used_status="denied", restrictions=None),
    key(5, "billing", "acme-dev", 3, last_used_status="failed", state="disabled", expires=NOW.timestamp() + 9.5 * DAY),
    key(
        6, "openai", "openai", id="shape:openai/ab12", provider="shape", kind="by-shape", state="unknown", created=None,
        first_seen=NOW.timestamp() - 41 * DAY, last_used_status="unsupported", restrictions=None, stores=("env",),
        secrets=("env:/h/apps/.env",),
    ),
)  # fmt: skip
OLD = (*KEYS, key(7, "vision", "acme-shop", 50, source_status="stale", last_used_status="not_scanned"))


def source(name, status, **more):
    """How one source ended."""
    return SourceReport(name, SourceStatus(status), **{"at": SCANNED, **more})


READ = (
    source("google-api-keys:acme-prod", "ok", items=2),
    source("google-api-keys:acme-dev", "ok", items=3),
    source("gsm:acme-prod", "ok", items=9, looked=9),
    source("env:/h/apps", "ok", items=1, looked=1),
)
DENIED = source(
    "google-api-keys:acme-shop", "denied", permission="apikeys.keys.list", stale_since=NOW - timedelta(days=2, hours=3),
    detail=f"Keys of acme-shop: Permission 'apikeys.keys.list' denied. {GRANT}",
)  # fmt: skip
AWAY = source(
    "google-api-keys:acme-shop", "unreachable", stale_since=NOW - timedelta(days=2, hours=3),
    detail="Keys of acme-shop: no answer. See that apikeys.googleapis.com can be reached from here, then try again.",
)  # fmt: skip
PARTLY = (
    source("gsm:acme-dev", "partial", items=7, looked=3, not_looked=4, detail="4 values could not be read: no answer in time."),
    source("gsm:acme-shop", "ok", items=12, not_looked=12),
    source(
        "google-sa-keys:acme-dev", "disabled", api="iam.googleapis.com",
        detail="Keys of acme-dev: IAM API is off. gcloud services enable iam.googleapis.com --project=acme-dev",
    ),
)  # fmt: skip


def known(rows=KEYS, sources=READ, scanned=SCANNED, **answers):
    """A function that makes a desk with these rows; an answer `held` never comes."""

    def make(held):
        filled = {name: held if answer == "held" else answer for name, answer in answers.items()}
        return Desk(rows, sources, scanned, **filled)

    return make


async def nothing(stage):
    """It is there from the start."""


def pressing(*keys):
    """The way there by keys, once the list stands."""

    async def go(stage):
        await stage.shows("maps")
        await stage.press(*keys)

    return go


# The list of keys


class _Shut(Desk):
    def __init__(self, answer):
        super().__init__()
        self._answer = answer

    def cache(self):
        if callable(self._answer):
            self._answer()
        raise self._answer


def _reading(held):
    return _Shut(held)


def _other_world(_):
    return _Shut(
        AnotherWorld(
            "The scan cache belongs to the world 'google', but the endpoints in use are 'emulator:test'.",
            hint="Set or unset the endpoint variables, or use another folder with KEYWARD_HOME.",
        )
    )


def _scan(held):
    def scan(_wish, report, _cancel):
        report(ScanStarted(tuple(one.id for one in (*READ, AWAY, *PARTLY[:1]))))
        for one in READ[:3]:
            report(SourceDone(one))
        report(SourceProgress(AWAY.id, 1234, 7, 3, listed=False))
        report(QuotaWait("apikeys.googleapis.com", NOW + timedelta(seconds=40)))
        held()

    return scan


def scanning(rows=KEYS, sources=READ):
    """A desk of which a scan never ends."""
    return lambda held: Desk(rows, sources, SCANNED, scan=_scan(held))


async def _broken_scan(stage):
    await stage.shows("maps")
    await stage.press("ctrl+r")


async def _filtering(stage):
    await stage.shows("maps")
    await stage.press("slash", *"project:acme-dev", "space", *"sea")


async def _misspelt(stage):
    await stage.shows("maps")
    await stage.press("slash", *"age>9x", "space")


async def _matchless(stage):
    await stage.shows("maps")
    await stage.press("slash", *"zebra", "enter")


async def _wide(stage):
    await stage.shows("maps")
    await stage.press("w", "S", "j")


def _inventory():
    broken = KeywardError("There is no room on the disk for the scan cache.", hint="Make room, then scan again.")
    return {
        "normal": State(known(), nothing, ("maps", "PROD acme-prod", "scanned 3m ago", "by age", "denied", "not in 42d")),
        "loading": State(_reading, nothing, ("Reading what is known ...",)),
        "empty": State(known((), READ[:1], scan=ScanSummary(NOW, ())), nothing, ("No key was found.", "o names a folder", "^R scans again")),
        "partial": State(known(sources=(*READ, *PARTLY)), nothing, ("1 source partial", "16 values not read", "d shows what and why")),
        "denied": State(known(OLD, (*READ, DENIED)), nothing, ("1 source denied", "1 stale", "stale", "d shows what and why")),
        "offline": State(known(OLD, (*READ, AWAY)), nothing, ("1 source unreachable", "1 stale", "stale")),
        "error": State(_other_world, nothing, ("Another world", "KEYWARD_HOME")),
        "an error while keys are shown": State(
            known(scan=broken), _broken_scan, ("maps", "no room", "Make room"),
        ),
        "scanning": State(scanning(), pressing("ctrl+r"), ("scanning, 3/6 read", "maps")),
        "scanning for the first time": State(scanning((), ()), nothing, ("Asking every source", "^R stops", "scanning, 3/6 read")),
        "filter being typed": State(known(), _filtering, ("search [/bold]", "1 of 6")),
        "filter that cannot be read": State(known(), _misspelt, ("column",)),
        "filter that nothing matches": State(known(), _matchless, ("No key matches.", "Esc clears the filter")),
        "side pane": State(known(), pressing("j", "i"), ("(k4)",)),
        "marks": State(known(), pressing("space", "space", "j", "V", "j"), ("range", "marked", "Plan for")),
        "columns": State(known(OLD, (*READ, DENIED)), _wide, ("columns: wide", "reversed")),
    }  # fmt: skip


# Coverage


def _coverage():
    seen = ("beside", "OAuth clients")
    return {
        "normal": State(known(), pressing("d"), ("gsm:acme-prod", "ok", "2026-11-20 11:57", *seen)),
        "loading": State(
            scanning(), pressing("ctrl+r", "d"), ("asking", "waiting", "waiting for quota until 12:00:40 UTC", "2/3; 2 ok", *seen),
        ),
        "empty": State(known((), (), None, scan=ScanSummary(NOW, ())), _coverage_of_nothing, ("Nothing was asked yet.", "^R scans")),
        "partial": State(
            known(sources=(*READ, *PARTLY)), pressing("d"), ("partial", "4 values could not be read", "12", *seen),
        ),
        "denied": State(
            known(OLD, (*READ, DENIED)), pressing("d"), ("denied", "apikeys.keys.list", "gcloud projects", "rows are from", *seen),
        ),
        "offline": State(
            known(OLD, (*READ, AWAY)), pressing("d"), ("unreachable", "no answer", "rows are from 2026-11-18 09:00", *seen),
        ),
        "error": State(
            known(OLD, (*READ, source("keyring:*", "failed", detail="The keyring did not answer within 20 seconds."))),
            pressing("d"), ("failed", "did not answer", *seen),
        ),
    }  # fmt: skip


async def _coverage_of_nothing(stage):
    await stage.shows("Nothing was scanned yet.")
    await stage.press("d")


# One key

REF = CredentialRef.parse(KEY)
RECORD = {
    "id": KEY, "provider": "google-api-keys", "scope": "acme-prod", "name": "maps", "kind": "api-key", "state": "active",
    "resource": "projects/1/locations/global/keys/k1", "uid": "k1", "created_at": "2025-10-04T12:00:00Z", "age_days": 412,
    "age_is": "exact", "expires_at": None, "restrictions": {"apis": ["maps-backend.googleapis.com"], "client": None},
    "last_used": {"status": "used", "at": "2026-11-20T10:00:00Z", "window_days": 42, "source": "Cloud Monitoring"},
    "placements": [
        {"store": "gsm", "secret": "gsm:acme-prod/maps", "version": "7", "role": "current", "version_state": "enabled", "part": "",
         "host": None, "accepted": True},
        {"store": "env", "secret": "env:/h/apps/.env", "version": "x", "role": "current", "version_state": "enabled", "part": "MAPS",
         "host": "build-7", "accepted": False},
    ],
    "placements_looked": {"read": 49, "not_read": 0},
}  # fmt: skip
USED = LastUse(UseStatus.USED, NOW, 42, "Cloud Monitoring", timedelta(days=1), timedelta(minutes=30))
TODAY = int(NOW.timestamp() // 86_400)
FIRST = {**RECORD, "created_at": None, "age_is": "at_least", "age_days": 3, "restrictions": None, "placements": []}
FIRST |= {"last_used": {"status": "not_scanned", "at": None, "window_days": None, "source": None}}


def _days(counted):
    """The days of a plot; those that are not named were not counted."""
    days = range(TODAY - 55, TODAY + 1)
    return tuple(
        DayCalls(day, DayState.COUNTED, counted[TODAY - day])
        if TODAY - day in counted
        else DayCalls(day, DayState.NOT_COUNTED)
        for day in days
    )


def usage(counted, last_use=USED, unknown=""):
    """Calls by days before today."""
    return KeyUsage(KEY, "maps", "w", NOW, SCANNED, NOW - timedelta(days=412), last_use, _days(counted), unknown)


CALLED = {
    day: (("maps.example", "2xx", 400 + day * 9), ("geo.example", "4xx", 40 if day % 3 else 0)) for day in range(1, 40)
}
MOMENTS = (
    Moment(NOW + timedelta(days=9), "can be restored until", "", "google-api-keys"),
    Moment(NOW - timedelta(hours=2), "last seen in use", "some time in the 24 h before", "Cloud Monitoring"),
    Moment(NOW - timedelta(days=40), "restrictions removed", "any API, any client", "found by a scan"),
    Moment(NOW - timedelta(days=412), "made", "", "google-api-keys"),
)
SHARED = {**RECORD["placements"][0], "alias": ""}
OTHER = {**RECORD["placements"][1], "alias": "", "elsewhere": True}


def one(record=RECORD, sources=READ, uses=True, rows=KEYS, **more):
    """A desk that tells one key."""
    ended = [_ended(source) for source in sources]
    shown = {"key": record, "rotations": [], "sources": ended, "context": [], "owners": []}
    answers = {
        "show": lambda _: shown,
        "usage": usage(CALLED),
        "where_used": WhereUsed((SHARED, OTHER), {SHARED["secret"]: ("kubectl rollout restart deploy/web",)}, "laptop"),
        "timeline": MOMENTS,
        **more,
    }

    def make(held):
        desk = known(rows, sources, **answers)(held)
        desk._cache.credential = lambda _: Credential(
            REF, Kind.API_KEY, KeyState.ACTIVE, last_use=USED if uses else NOT_SCANNED
        )
        desk._cache.uses = lambda _: [
            (NOW.timestamp() - DAY * at, NOW.timestamp() - DAY * (at - 1), at * 10, "maps", "2xx")
            for at in (1, 2, 3)
            if uses
        ]
        return desk

    return make


def _ended(source):
    """A source as the listing's JSON has it."""
    stale = source.stale_since.strftime("%Y-%m-%dT%H:%M:%SZ") if source.stale_since else None
    return {"id": source.id, "status": source.status.value, "detail": source.detail or None, "permission": source.permission or None,
            "api": source.api or None, "stale_since": stale}  # fmt: skip


async def _down(stage):
    await at()(stage)
    await stage.shows("412 d")
    await stage.press("end")


def at(letter=""):
    """The key's screen, in a section."""
    return pressing("enter", *letter)


def _key():
    away, denied = replace(AWAY, id="google-api-keys:acme-prod"), replace(DENIED, id="google-api-keys:acme-prod")
    unread = {**RECORD, "placements_looked": {"read": 3, "not_read": 16}}
    hidden = {
        **RECORD,
        "restrictions": None,
        "last_used": {"status": "denied", "at": None, "window_days": 42, "source": None},
    }
    gone = UnknownKey(f"There is no key {KEY!r} in the last scan.", hint="`keyward scan` looks again.")
    damaged = KeywardError(
        "The days that were counted cannot be read: the file is damaged.", hint="^R on the list scans."
    )
    no_record = usage(
        {}, LastUse(UseStatus.DENIED, detail="needs monitoring.timeSeries.list"), "reading the record was denied"
    )
    return {
        "normal": State(one(), at(), ("[Overview]", "412 d", "Cloud Monitoring", "less than a day ago")),
        "loading": State(one(show="held"), at(), ("Reading ...",)),
        "empty": State(one(FIRST, uses=False), at(), (">= 3 d", "nobody asked", "not known")),
        "partial": State(
            one(unread, (READ[0], PARTLY[0])), at(), ("partial gsm:acme-dev: 4 values could not be read",)
        ),
        "partial, further down": State(one(unread, (READ[0], PARTLY[0])), _down, ("16 were not.",)),
        "denied": State(
            one(hidden, (denied, *READ[1:]), uses=False), at(), ("reading the record was denied", "apikeys.keys.list")
        ),
        "offline": State(one(sources=(away, *READ[1:])), at(), ("unreachable", "2026-11-18 09:00")),
        "error": State(one(show=gone), at(), ("Unknown key", "keyward scan")),
        "usage": State(one(), at("u"), ("[Usage]", "maps.example", "23,660 calls in 39 days")),
        "usage, loading": State(one(usage="held"), at("u"), ("[Usage]", "Reading ...")),
        "usage, empty": State(one(usage=usage({})), at("u"), ("No data: no scan has counted a day yet",)),
        "usage, denied": State(
            one(usage=no_record),
            at("u"),
            ("No data: reading the record was denied (needs monitoring.timeSeries.list)", "keyward usage"),
        ),
        "usage, error": State(one(usage=damaged), at("u"), ("cannot be read", "^R on the list")),
        "where used": State(one(), at("w"), ("[Where used]", "kubectl rollout restart", "on build-7")),
        "where used, loading": State(one(where_used="held"), at("w"), ("[Where used]", "Reading ...")),
        "where used, empty": State(one(FIRST, where_used=WhereUsed((), {}, "laptop")), at("w"), ("no place was seen",)),
        "where used, partial": State(one(unread, (*READ, *PARTLY)), at("w"), ("16 were not. It may be there too.",)),
        "where used, error": State(one(where_used=gone), at("w"), ("Unknown key",)),
        "timeline": State(one(), at("t"), ("[Timeline]", "ahead", "restrictions removed")),
        "timeline, loading": State(one(timeline="held"), at("t"), ("[Timeline]", "Reading ...")),
        "timeline, empty": State(one(FIRST, timeline=()), at("t"), ("Nothing is known to have happened",)),
        "findings": State(
            one(of_key=found.checked((found.OLD, found.TAKEN, found.UNKNOWN))),
            at("f"),
            (
                "[Findings]",
                "KW-101 Key older than allowed",
                "keyward rotate",
                "not known",
                "accepted",
                "1 broken, 1 not known",
            ),
        ),
        "findings, loading": State(one(of_key="held"), at("f"), ("[Findings]", "Judging ...")),
        "findings, empty": State(one(of_key=found.checked(())), at("f"), ("0 broken, 0 not known",)),
        "findings, error": State(one(of_key=damaged), at("f"), ("[Findings]", "cannot be read")),
        "timeline, error": State(one(timeline=gone), at("t"), ("Unknown key",)),
    }


def shown():
    """The screens of this module."""
    return (
        Shown(InventoryScreen, _inventory(), {}),
        Shown(CoverageScreen, _coverage(), {}),
        Shown(KeyScreen, _key(), {}),
    )
