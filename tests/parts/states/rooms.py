"""The doctor and what it mends, the settings, and the first run."""

from pathlib import Path

from keyward.desk.beginning import Beginning, Choice
from keyward.desk.configured import Setting
from keyward.desk.wish import Check, Mended
from keyward.model.errors import NotAllowed, NotConfigured, SettingsError, SourceError
from keyward.rotation.mend.troubles import Trouble, Wrong
from keyward.tui.screens.doctor import DoctorScreen
from keyward.tui.screens.mending import MendingScreen
from keyward.tui.screens.settings import SettingsScreen
from keyward.tui.screens.welcome import WelcomeScreen
from tests.parts.desk import Desk
from tests.parts.states import Shown, State
from tests.parts.states.lists import DENIED, GRANT, KEYS, OLD, READ, known, nothing, pressing

FILE = Path("/h/keyward.toml")

# The doctor

WELL = (
    Check("settings", "settings file", "yes", "/h/keyward.toml"),
    Check("google", "credentials", "yes", "user ana@acme.example"),
    Check("google", "projects", "yes", "3 can be seen"),
    Check("google", "permissions in acme-prod", "yes", "all 8 that scanning and rotating need"),
    Check("ledger", "ledger", "yes", "/h/ledger.db, 5 rotations"),
)
MISSING = Check("google", "permissions in acme-shop", "no", "apikeys.keys.list is missing: list keys", GRANT)
UNTESTED = Check("google", "permissions", "unknown", "not tested in 9 more projects")
SHUT = Check(
    "google", "projects", "unknown", "Projects: no answer.",
    "See that cloudresourcemanager.googleapis.com can be reached from here, then try again.",
)  # fmt: skip


def doctor(*areas, then=None):
    """A doctor that tells these areas; it stands still then, or is stopped by an error."""

    def look(hear, _stop):
        for area in areas:
            hear(area)
        if isinstance(then, Exception):
            raise then
        if then is not None:
            then()
        return areas

    return look


def looking(*areas, then=None, held=False, rows=KEYS, sources=READ, **more):
    """A desk with such a doctor."""

    def make(hold):
        return known(rows, sources, doctor=doctor(*areas, then=hold if held else then), **more)(hold)

    return make


def _doctor():
    there = pressing("5")
    stopped = SettingsError("there is no section [scam].", file="/h/keyward.toml", line=4, hint="Did you mean [scan]?")
    return {
        "normal": State(looking(WELL), there, ("5 ok", "settings file", "terminal", "16 million")),
        "loading": State(looking(WELL[:2], held=True), there, ("2 ok · still looking ...",)),
        "partial": State(looking(WELL, (UNTESTED,)), there, ("5 ok · 1 ?", "not tested in 9 more")),
        "denied": State(
            looking((MISSING, *WELL)), there, ("1 MISSING", "apikeys.keys.list is missing", "gcloud projects")
        ),
        "offline": State(looking((SHUT, *WELL[:1])), there, ("1 ?", "no answer", "can be reached")),
        "error": State(looking((), then=stopped), there, ("1 MISSING", "bad settings", "Did you mean [scan]?")),
    }


# What it mends

ORPHAN = Trouble(
    Wrong.ORPHAN, "google-api-keys:acme-dev/k9", "google-api-keys:acme-dev/k9 was made by rotation r5, which is aborted without it",
    mending="revoke google-api-keys:acme-dev/k9", rotation="r5",
)  # fmt: skip
STUCK = Trouble(
    Wrong.STUCK, "r2", "rotation r2 waits for a person: gsm:acme-prod/web holds neither key", todo="keyward history r2"
)


def _mending():
    there = pressing("5", "m")

    async def mended(stage):
        await there(stage)
        await stage.shows("can be mended")
        await stage.press("a")
        await stage.shows("Type mend 1 to go on")
        await stage.press(*"mend", "space", "1", "enter", "enter")

    def of(found, rows=KEYS, sources=READ, **more):
        return looking(WELL, rows=rows, sources=sources, troubles=found, **more)

    no_answer = SourceError(
        "Secrets of acme-prod: no answer.",
        status="unreachable",
        hint="See that secretmanager.googleapis.com can be reached from here.",
    )
    broken = NotConfigured(
        "The ledger /h/ledger.db cannot be read. It was not changed.", hint="Restore it from a backup."
    )
    failed = (Mended(ORPHAN.subject, f"Key k9: Permission 'apikeys.keys.delete' denied. {GRANT}", ok=False),)
    return {
        "normal": State(of((ORPHAN, STUCK)), there, ("2 found, 1 can be mended", "nothing has been changed", "orphan", "a person")),
        "loading": State(of("held"), there, ("Looking ...", "Nothing is changed.")),
        "empty": State(of(()), there, ("Nothing is wrong around rotations.",)),
        "partial": State(
            of((ORPHAN,), OLD, (*READ, DENIED)), there, ("1 found", "What cannot be read is not looked at", "1 source denied"),
        ),
        "partial, nothing found": State(of((), OLD, (*READ, DENIED)), there, ("Nothing is wrong", "What cannot be read is not looked at", "1 source denied")),
        "denied": State(of((ORPHAN, STUCK), mend=failed), mended, ("FAILED", "apikeys.keys.delete", "gcloud projects")),
        "offline": State(of(no_answer), there, ("no answer", "can be reached", "^R tries again.")),
        "error": State(of(broken), there, ("cannot be read", "Restore it")),
        "at work": State(of((ORPHAN, STUCK), mend="held"), mended, ("at work ...",)),
        "mended": State(of((ORPHAN, STUCK), mend=(Mended(ORPHAN.subject, "revoked it", ok=True),)), mended, ("1 mended", "revoked it")),
    }  # fmt: skip


# Settings

SETTINGS = (
    Setting("scan.workers", "7", "file /h/keyward.toml:3", "your own file: may set everything", "Questions that are asked at once.",
            "[scan]\nworkers = 7", anyone=True),
    Setting("rotation.grace", "1d", "default", "built in", "How long both keys work.", '[rotation]\ngrace = "1d"'),
    Setting("rotation.retire_by", "30d", "KEYWARD_ROTATION_RETIRE_BY", "your environment: may set everything",
            "How long an unattended run waits for a key to be quiet.", '[rotation]\nretire_by = "30d"'),
    Setting("notify.urls", "json://…", "file /h/keyward.toml:9", "your own file: may set everything", "Addresses that are told.",
            '[notify]\nurls = ["..."]', secret=True),
)  # fmt: skip


def _settings():
    there = pressing("6")
    wrong = SettingsError("there is no section [scam].", file="/h/keyward.toml", line=4, hint="Did you mean [scan]?")
    shut = NotAllowed("/h/keyward.toml can be written by others.", hint="chmod 600 /h/keyward.toml")
    return {
        "normal": State(
            known(configured=SETTINGS), there, ("scan.workers", "4, 3 set", "Questions that are asked at once.")
        ),
        "loading": State(known(configured="held"), there, ("Reading ...",)),
        "empty": State(
            known(configured=SETTINGS),
            pressing("6", "slash", *"zebra"),
            ("No setting matches; Esc clears the filter.",),
        ),
        "denied": State(known(configured=shut), there, ("can be written by others", "chmod 600")),
        "error": State(known(configured=wrong), there, ("/h/keyward.toml:4", "Did you mean [scan]?")),
        "filtered": State(known(configured=SETTINGS), pressing("6", "slash", *"rotation"), ("2 of 4",)),
    }


# The first run

HERE = (
    (Check("env", "/h/apps", "yes", "3 env and key files"), Choice("env", "/h/apps")),
    (Check("env", "/h/src", "unknown", "there; not looked into"), Choice("env", "/h/src", wanted=False)),
    (Check("keyring", "keyring", "yes", "can be read; no entry was looked at"), Choice("keyring", "*")),
    (Check("local", "shell", "yes", "/h/.bashrc"), Choice("local", "shell")),
)
BARE = (
    (Check("env", "/h/apps", "no", "0 env and key files"), Choice("env", "/h/apps", wanted=False)),
    (Check("keyring", "keyring", "no", "The keyring cannot be reached: DBUS_SESSION_BUS_ADDRESS is not set.",
           "Start the session's D-Bus, or leave the keyring out."), None),
)  # fmt: skip
AWAY = SHUT.fix
SIGNED_IN = Check("google", "credentials", "yes", "user ana@acme.example")
GOOGLE = ([SIGNED_IN, Check("google", "projects", "yes", "14 can be seen")], True)
NO_LOGIN = (
    [
        Check(
            "google", "credentials", "no", "No Google credentials were found.", "gcloud auth application-default login"
        )
    ],
    False,
)
NO_LIST = (
    [
        SIGNED_IN,
        Check("google", "projects", "unknown", "Projects: Permission 'resourcemanager.projects.get' denied.", GRANT),
    ],
    True,
)
NO_NET = ([SIGNED_IN, Check("google", "projects", "unknown", "Projects: no answer.", AWAY)], True)


def first(lines=HERE, google=GOOGLE, exists=False):
    """A desk where nothing was ever scanned."""
    begun = lines
    if isinstance(lines, tuple):
        begun = Beginning(tuple(one for one, _ in lines), FILE, exists, "unused", (), tuple(one for _, one in lines))

    def make(held):
        answers = {"look_here": begun, "look_at_google": google}
        return Desk((), (), None, **{name: held if answer == "held" else answer for name, answer in answers.items()})

    return make


def pressing_there(*keys, found="shell"):
    """Keys that are pressed when it says what was found."""

    async def go(stage):
        await stage.shows(found)
        await stage.press(*keys)

    return go


def _welcome():
    unread = NotAllowed("/h/keyward.toml can be written by others.", hint="chmod 600 /h/keyward.toml")
    return {
        "normal": State(first(), nothing, ("Found without reading a value.", "[x]", "14 can be seen", "/h/apps")),
        "loading": State(first("held", "held"), nothing, ("Looking for keys on this machine ...", "No value is read. Nothing is written.")),
        "empty": State(first((), NO_LOGIN), nothing, ("Nothing was found", "o names a folder", "D opens the demo")),
        "partial": State(first(HERE, "held"), nothing, ("looking for cred", "/h/apps", "not looked into")),
        "denied": State(first(BARE, NO_LIST), pressing_there("g", "j", found="projects"), ("resourcemanager.projects.get",)),
        "offline": State(first(HERE, NO_NET), pressing_there("g", "j"), ("no answer", "?", "can be reached")),
        "error": State(first(unread, NO_LOGIN), nothing, ("can be written by others", "chmod 600")),
        "no login": State(first(HERE, NO_LOGIN), pressing_there("k"), ("No Google credentials were found.", "gcloud auth application-default login")),
        "settings are there": State(first(exists=True), nothing, ("is there and stays as it is", "Enter scans")),
    }  # fmt: skip


def shown():
    """The screens of this module."""
    return (
        Shown(DoctorScreen, _doctor(), {"empty": "the lines about the terminal are always there"}),
        Shown(MendingScreen, _mending(), {}, write=True),
        Shown(SettingsScreen, _settings(), dict.fromkeys(("partial", "offline"), "settings are files and variables of this machine, read whole")),
        Shown(WelcomeScreen, _welcome(), {}, world="google"),
    )  # fmt: skip
