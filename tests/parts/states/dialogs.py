"""Questions, choices and pages on top of a screen."""

from keyward.desk.revealing import Readable, Revealed
from keyward.model.errors import LedgerBroken, NotAllowed, UnknownKey, UsageError
from keyward.model.secret import Secret
from keyward.tui.palette import Palette
from keyward.tui.screens.choosing import ChooseScreen
from keyward.tui.screens.copy import CopyScreen
from keyward.tui.screens.export import ExportScreen
from keyward.tui.screens.help import HelpScreen
from keyward.tui.screens.leaf import Leaf
from keyward.tui.screens.local import LocalScreen
from keyward.tui.screens.reveal import AskReveal, ValueScreen
from keyward.tui.screens.sorting import SortScreen
from keyward.tui.widgets.agree import Agree
from keyward.tui.widgets.dialog import Confirm
from keyward.tui.widgets.question import Question
from tests.parts.states import Shown, State
from tests.parts.states.hygiene import pages
from tests.parts.states.lists import KEY, known, one, pressing
from tests.parts.states.plans import IDS, TWO, opening, planning, read
from tests.parts.states.rooms import MISSING, SETTINGS, first, looking, pressing_there
from tests.parts.states.rotations import ROWS

ASKS = dict.fromkeys(("loading", "empty", "partial", "denied", "offline", "error"), "it asks, and reads nothing")
NO_VALUE = "this is no value of any key\nit only stands where one would"
"""What is shown where a value would be."""


def _confirm():
    accepted = (TWO[0],)

    def applying(key, *more):
        async def go(stage):
            await opening(key, then=("a",))(stage)
            await stage.shows("to go on")
            await stage.press(*more)

        return go

    plan = planning(lambda key: read(key, accepted))
    return {
        "normal": State(plan, applying(IDS[2]), ("Apply this plan", "rotate 1 in acme-dev", "Cancel")),
        "production": State(plan, applying(IDS[0]), ("PRODUCTION", "rotate 1 in production acme-prod", "Cancel")),
        "the phrase is typed": State(
            plan, applying(IDS[2], *"rotate", "space", "1", "space", *"in", "space", *"acme", "minus", *"dev"),
            ("rotate 1 in acme-dev", "Apply"),
        ),
        "write mode": State(known(), _switching, ("Switch to write mode", "Type write to go on")),
    }  # fmt: skip


async def _switching(stage):
    await stage.shows("maps")
    stage.app.tell(write=False)
    await stage.press("W")


async def _leaving(stage):
    await stage.shows("maps")
    stage.app.feed._deeds = 1  # as if a rotation were being worked on
    await stage.press("q")


def _agree():
    return {
        "normal": State(first(), pressing_there("enter"), ("Write /h/keyward.toml", "mode 0600", "[[env]]", "Cancel")),
        "nothing is written": State(
            first(exists=True), pressing_there("enter"), ("Scan", "Nothing is written.", "Cancel")
        ),
    }


def _copy():
    texts = (
        ("id", KEY),
        ("name", "maps"),
        ("keyward rotate ...", f"keyward rotate {KEY}"),
        ("gcloud ...", "gcloud services api-keys describe k1 --project=acme-prod"),
        ("JSON of the record", '{"id": "google-api-keys:acme-prod/k1",\n "name": "maps [/bold]"}'),
    )
    gone = UnknownKey(f"There is no key {KEY!r} in the last scan.", hint="`keyward scan` looks again.")
    return {
        "normal": State(
            known(copies=texts), pressing("y"), ("Copy of maps", "JSON of the record", "Enter copies", KEY)
        ),
        "loading": State(known(copies="held"), pressing("y"), ("Reading ...",)),
        "error": State(known(copies=gone), pressing("y"), ("Unknown key", "keyward scan")),
    }


def _export():
    refused = UsageError("/h/keyward-r1.jsonl is there already, and was left alone.", hint="Name another file.")

    def asked(*keys):
        async def go(stage):
            await pressing("4")(stage)
            await stage.shows("overlap")
            await stage.press("e")
            await stage.shows("File")
            await stage.press(*keys)

        return go

    def of(answer):
        return known(rotations=list(ROWS), export_trail=answer)

    return {
        "normal": State(of(None), asked(), ("Export the audit trail", "~/keyward-r1.jsonl", "Write")),
        "loading": State(of("held"), asked("enter"), ("Writing ...",)),
        "error": State(of(refused), asked("enter"), ("✗", "was left alone", "Name another file.")),
    }


def _ask_reveal():
    return {
        "normal": State(
            one(readable=Readable("google-api-keys:acme-prod")), _asking, ("audited read", "10 seconds", "Cancel")
        )
    }


async def _asking(stage):
    await pressing("enter")(stage)
    await stage.shows("Overview", "412 d")
    await stage.press("x")


async def _revealing(stage):
    await _asking(stage)
    await stage.shows("audited read")
    await stage.press("right", "enter")


def _value():
    def of(answer):
        return one(readable=Readable("google-api-keys:acme-prod"), reveal=answer)

    broken = LedgerBroken("The ledger cannot be written, so nothing is shown.", hint="`keyward doctor` says why.")
    denied = NotAllowed(
        "Key maps: Permission 'apikeys.keys.getKeyString' denied.",
        hint="gcloud projects add-iam-policy-binding acme-prod --member=user:ana@acme.example --role=roles/serviceusage.apiKeysViewer",
    )
    shown = Revealed(Secret.of(NO_VALUE), "google-api-keys:acme-prod")
    return {
        "normal": State(of(shown), _revealing, ("no value of any key", "hidden in", "any key hides it")),
        "loading": State(of("held"), _revealing, ("Reading ...",)),
        "denied": State(
            of(denied), _revealing, ("apikeys.keys.getKeyString", "gcloud projects", "Any key closes this.")
        ),
        "error": State(of(broken), _revealing, ("cannot be written", "keyward doctor", "Any key closes this.")),
    }


def _local():
    shut = NotAllowed(
        "/h/keyward.toml cannot be written: Permission denied.", hint="Write the lines by hand: keyward config show."
    )

    def asked(*keys):
        async def go(stage):
            await pressing("o")(stage)
            await stage.shows("Folder with projects")
            await stage.press(*keys)

        return go

    def of(answer):
        return known(remember_local=answer)

    ticked = ("tab", "space", "tab", "tab", "enter")
    return {
        "normal": State(of(None), asked(), ("Where should keyward look", "OS keyring", "Later", "Look")),
        "loading": State(of("held"), asked(*ticked), ("Writing ...",)),
        "error": State(of(shut), asked(*ticked), ("cannot be written", "by hand")),
        "no folder": State(of(None), asked(*"/nowhere", "tab", "tab", "tab", "enter"), ("/nowhere is not a folder.",)),
    }


def _help():
    async def of_the_plan(stage):
        await opening(IDS[0])(stage)
        await stage.shows("Places that hold it")
        await stage.press("question_mark")

    return {
        "normal": State(known(), pressing("question_mark"), ("Keys: inventory", "Filter")),
        "of a plan": State(planning(read), of_the_plan, ("Keys: plan", "not now")),
    }


def _palette():
    return {
        "normal": State(known(), pressing("colon"), ("Filter", "inventory.filter")),
        "searched": State(known(), pressing("colon", *"doctor"), ("app.doctor",)),
        "empty": State(known(), pressing("colon", *"zebra"), ("No matches found",)),
    }


def _leaf():
    return {
        "normal": State(looking((MISSING,)), _fix, ("permissions in acme-shop", "gcloud projects", "Esc closes.")),
        "a setting": State(
            known(configured=SETTINGS), pressing("6", "enter"), ("means", "[scan]", "workers = 7", "Esc closes.")
        ),
        **pages(),
    }


async def _fix(stage):
    await pressing("5")(stage)
    await stage.shows("1 MISSING")
    stage.app.copying.copy = lambda *_: None
    await stage.press("y")


def shown():
    """The screens of this module."""
    reads = {
        "empty": "there is always something",
        "partial": "one answer",
        "denied": "as an error",
        "offline": "as an error",
    }
    listed = {**ASKS, "empty": "there is always something"}
    return (
        Shown(Confirm, _confirm(), ASKS, write=True),
        Shown(Question, {"normal": State(known(), _leaving, ("Leave?", "keyward resume", "Stay", "Leave"))}, ASKS),
        Shown(Agree, _agree(), ASKS, world="google"),
        Shown(CopyScreen, _copy(), reads),
        Shown(ExportScreen, _export(), reads),
        Shown(AskReveal, _ask_reveal(), ASKS),
        Shown(ValueScreen, _value(), {one: why for one, why in reads.items() if one != "denied"}),
        Shown(LocalScreen, _local(), reads),
        Shown(HelpScreen, _help(), listed),
        Shown(SortScreen, {"normal": State(known(), pressing("s"), ("Sort by", "AGE", "now"))}, listed),
        Shown(ChooseScreen, {"normal": State(known(), pressing("C"), ("Columns", "[x] NAME", "[ ] PROVIDER"))}, listed),
        Shown(Palette, _palette(), {one: why for one, why in listed.items() if one != "empty"}),
        Shown(Leaf, _leaf(), listed),
    )
