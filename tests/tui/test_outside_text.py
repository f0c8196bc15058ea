"""Every kind of text that others can write, on every screen that shows it: seen as it is written, no order to a terminal, no end of the app.

The desk hands these texts on as if nothing had made them harmless, so it is the app's own last door that is tried; that they are clean
long before is tried on the wire (`tests/security/test_wire.py`).
"""

from dataclasses import replace

import pytest
from rich.cells import cell_len
from textual.widgets import Input

from keyward.desk.revealing import Readable
from keyward.desk.timeline import Moment
from keyward.desk.where_used import WhereUsed
from keyward.desk.wish import Check
from keyward.ledger.records import WaitingOn
from keyward.model.errors import NotConfigured, Refused, UsageError
from keyward.model.finding import Fix
from keyward.model.source import SourceReport, SourceStatus
from keyward.rotation.mend.troubles import Trouble, Wrong
from keyward.tui.lastdoor import bare
from keyward.tui.widgets.agree import Agree
from keyward.tui.widgets.dialog import Confirm
from keyward.tui.widgets.question import Question
from tests.parts import desk as made
from tests.parts import found, proved, screens
from tests.parts.desk import NOW, OK, loaded, row, shown
from tests.parts.hostile import LONG, MARKUP, ORDERS, WIDE, unseen
from tests.tui.test_key_sections import usage
from tests.tui.test_plan import PLACES, planner
from tests.tui.test_settings import SETTINGS
from tests.tui.test_welcome import begun

ALL = "".join((*MARKUP.values(), *ORDERS.values()))
TEXTS = {"orders and markup": ALL, "wide": WIDE, "long": LONG}
FIRST = [one if one == "orders and markup" else pytest.param(one, marks=pytest.mark.slow) for one in TEXTS]


def desk(text):
    """A desk all of whose answers hold that text, each behind a word of its own."""

    def odd(word):
        return f"{word}{text}"

    rotation = replace(
        screens.rotation(waiting_on=WaitingOn.PERSON, why=odd("Why")),
        actor=odd("Actor"), host=odd("Host"), reason=odd("Reason"),
        data={"old": {"id": screens.KEY, "name": odd("Old")}},
    )  # fmt: skip
    told = screens.history()
    line = replace(told.lines[0], what=odd("What"), evidence=odd("Evidence"), actor=odd("Actor"), host=odd("Host"))
    place = {"store": "gsm", "secret": f"gsm:p/{odd('Secret')}", "version": "1", "role": odd("Role"), "part": odd("Part"),
             "host": None, "scope": "p", "accepted": False}  # fmt: skip
    record = {
        "id": screens.KEY, "provider": "google-api-keys", "scope": "acme-prod", "name": odd("Name"), "last_used": {},
        "bound_identity": odd("Identity"), "restrictions": {"apis": [odd("Api")], "client": odd("Client")},
    }  # fmt: skip
    wrong = replace(
        found.OLD,
        subject=screens.KEY,
        name=odd("Broken"),
        evidence=(odd("Because"),),
        fix=Fix(odd("Text"), (odd("Line"),)),
    )
    told_of = [found.statement("training", "yes", odd("Said"), (), source=odd("Page"), control=odd("Control"))]
    item = replace(
        proved.LAW,
        title=odd("Title"),
        why=odd("Reason"),
        how=(odd("How"),),
        fields=(odd("Answer"),),
        practice=(odd("Practice"),),
    )
    made_list = replace(proved.LIST, title=odd("List"), why=odd("Purpose"), file=odd("File"), items=(item,))
    judged = replace(
        proved.answers()[3], item=item, evidence=(odd("Judged"),), fix=Fix(odd("Helps"), (odd("Run"),)), statement=replace(proved.LAWS, statement=odd("Stated"))
    )  # fmt: skip
    blocked = (replace(PLACES[0], problem=odd("Problem"), holds=None),)
    one = screens.desk(
        plan=planner(blocked),
        rotations=lambda **_: [rotation],
        history=replace(told, lines=(line,)),
        show=lambda _: {"key": record, "rotations": [], "sources": []},
        doctor=lambda hear, _stop: hear([Check("google", odd("Checked"), "no", odd("Found"), odd("Fix"))]),
        troubles=(Trouble(Wrong.STUCK, odd("Subject"), odd("Trouble"), todo=odd("Todo")),),
        configured=[replace(SETTINGS[0], value=odd("Value"), origin=odd("Origin"), trust=odd("Trust"), doc=odd("Doc"))],
        look_here=begun(((Check("env", odd("Folder"), "no", odd("Kept")), None),)),
        look_at_google=((Check("google", odd("Account"), "no", odd("Project"), odd("Mend")),), False),
        copies=((odd("Copied"), odd("Command")),),
        usage=usage({1: ((odd("Service"), odd("Class"), 9),)}),
        where_used=WhereUsed((place,), {place["secret"]: (odd("Consumer"),)}, "here"),
        timeline=(Moment(NOW, odd("Moment"), odd("Detail"), odd("By")),),
        readable=Readable(odd("Source")),
        judge=(found.checked((wrong,)), ()),
        of_key=found.checked((wrong,)),
        **found.catalog({"gemini": {**found.provider("gemini", told_of), "label": odd("Label")}}),
        places=[replace(proved.PLACES[0], checklist=made_list, subject=odd("Subject"))],
        names=(odd("Known"),),
        subjects=lambda _list, named: (proved.PROD,) if "Subject" in named[0] else _refuse(odd("Unmeant")),
        run=lambda *_: proved.run((judged,), checklist=made_list, coverage=odd("Seen")),
        who=odd("Me"),
        state=UsageError(odd("Unsaid"), hint=odd("Better")),
        reveal=Refused(odd("Unread"), hint=odd("Hint")),
        export_trail=UsageError(odd("Unwritten"), hint=odd("Elsewhere")),
    )
    one._cache._rows = [
        row(1, **{**screens.PROD, "name": odd("Row")}, restrictions=(odd("Limit"),), secrets=(odd("Place"),))
    ]
    one._cache._sources = [
        OK,
        SourceReport(f"gsm:{'x'}", SourceStatus.DENIED, detail=odd("Body"), permission=odd("Right"), at=NOW),
    ]
    return one


def _refuse(text):
    raise UsageError(text)


WALK = (
    ((), ("Row", "Limit", "Place")),
    (("w",), ("Row", "Limit")),
    (("d",), ("Body",)),
    (("escape", "enter"), ("Name", "Identity", "Api")),
    (("u",), ("Service",)),
    (("w",), ("Secret", "Consumer", "Role")),
    (("t",), ("Moment", "By")),
    (("f",), ("Because", "Text", "Line")),
    (("y",), ("Copied", "Command")),
    (("escape", "x"), ("Source",)),
    (("escape", "escape", "r"), ("Problem",)),
    (("colon",), ()),
    ((*"plan", "full_stop", *"apply"), ("Problem",)),
    (("escape", "escape", "4"), ("Old", "Why", "Actor")),
    (("enter",), ("What", "Evidence")),
    (("e",), ()),
    (("enter",), ("Unwritten", "Elsewhere")),
    (("escape", "escape", "escape", "5"), ("Checked", "Found")),
    (("y",), ("Fix",)),
    (("escape", "m"), ("Trouble", "Todo")),
    (("escape", "escape", "6"), ("Value", "Origin", "Trust")),
    (("enter",), ("Doc",)),
    (("escape", "escape", "2"), ("Broken", "Because", "Line")),
    (("e",), ("Because", "Text")),
    (("escape", "y"), ("Line",)),
    (("escape", "escape", "3"), ("Label", "Said")),
    (("enter",), ("Control", "Page")),
    (("escape", "escape", "7"), ("List", "Subject", "File", "Purpose")),
    (("o",), ("List",)),
    (("escape", "enter"), ("List", "Title", "Judged", "Helps", "Run", "Reason", "Seen")),
    (("enter",), ("Practice", "Stated")),
    (("escape", "s"), ("Title", "Me", "Answer")),
    (("escape", "A"), ("Stated",)),
    (("tab", "enter"), ("Unsaid", "Better")),
    (("escape", "escape", "escape"), ("Row",)),
)
"""Keys, and the words whose texts stand on the screen then."""


def looked(app, words, text, where):
    """Each line is as wide as the screen, no order is in it, and the words are there with the beginning of the text as it is."""
    strips = app.screen._compositor.render_strips()
    if text != ALL:  # a tab that comes so far may push; what moves the terminal's own cursor does not come out
        assert {strip.cell_length for strip in strips} == {app.size.width}, where
        assert {sum(cell_len(one.text) for one in strip) for strip in strips} == {app.size.width}, where
    screen = shown(app)
    assert unseen(screen) == [], where
    begins = bare(text)[:2]
    for word in () if text == LONG else words:  # so much of one pushes the others away
        assert f"{word}{begins}" in screen, f"{where}: {word}\n{screen}"


@pytest.mark.parametrize("kind", FIRST)
async def test_what_others_wrote_is_text_on_every_screen(opened, kind):
    text = TEXTS[kind]
    async with opened(desk(text), size=(250, 60), write=True) as (
        app,
        pilot,
    ):  # so that the plan's own trouble is the reason
        for keys, words in WALK:
            await pilot.press(*keys)
            await loaded(app, pilot)
            await pilot.pause(0.2)
            looked(app, words, text, keys)


@pytest.mark.parametrize("kind", FIRST)
async def test_what_others_wrote_is_text_in_passing_words_dialogs_and_fields(kind):
    text = TEXTS[kind]
    app = made.app(desk(text))
    async with app.run_test(size=(250, 60), notifications=True) as pilot:
        await loaded(app, pilot)
        app.notify(f"Note{text}", title=f"Head{text}")
        app.screen.query_one(Input).value = f"kind:Query{text}"
        await loaded(app, pilot)
        await pilot.pause(0.2)
        looked(app, ("Note",), text, "passing")
        assert "Query" in shown(app)
        for dialog in (
            Confirm(f"Title{text}", f"Text{text}", f"Phrase{text}"),
            Question(f"Title{text}", f"Text{text}", no="No", yes="Yes"),
            Agree(f"Title{text}", f"Text{text}", f"File{text}", "Write"),
        ):
            app.push_screen(dialog)
            await loaded(app, pilot)
            looked(app, ("Title", "Text"), text, type(dialog))
            app.pop_screen()
        app.open_welcome()
        await loaded(app, pilot)
        looked(app, ("Account", "Folder"), text, "first run")


@pytest.mark.parametrize("kind", FIRST)
async def test_what_cannot_be_read_says_why_in_its_own_words(opened, kind):
    text = TEXTS[kind]
    refusing = desk(text)
    refusing._answers["show"] = refusing._answers["plan"] = NotConfigured(f"Refused{text}", hint=f"Advice{text}")
    async with opened(refusing, size=(250, 60)) as (app, pilot):
        for key in ("enter", "r"):
            await pilot.press(key)
            await loaded(app, pilot)
            looked(app, ("Refused", "Advice"), text, key)
            await pilot.press("escape")
            await pilot.pause()
