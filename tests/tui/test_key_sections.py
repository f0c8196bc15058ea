"""The sections of a key: each is read when it is opened, says which kind of no data it has, and hides no other when it fails."""

from datetime import timedelta

import pytest

from keyward.desk.timeline import Moment
from keyward.desk.using import KeyUsage
from keyward.desk.where_used import WhereUsed
from keyward.inventory.snapshots.days import DayCalls, DayState
from keyward.model.errors import KeywardError
from keyward.model.usage import LastUse, UseStatus
from keyward.tui import dayplot
from keyward.tui.screens.copy import CopyScreen
from tests.parts import found
from tests.parts.desk import NOW, loaded, row, shown
from tests.tui.test_key import RECORD, desk_with

TODAY = int(NOW.timestamp() // 86_400)
USED = LastUse(UseStatus.USED, NOW, 42, "Cloud Monitoring", timedelta(days=1), timedelta(minutes=30))


def usage(days=(), *, last_use=USED, unknown="", created=None, length=56):
    """Days before today -> calls; a day that is not named was not counted."""
    known = dict(days)
    rows = tuple(
        DayCalls(day, DayState.COUNTED, known[TODAY - day])
        if TODAY - day in known
        else DayCalls(day, DayState.NOT_COUNTED)
        for day in range(TODAY - length + 1, TODAY + 1)
    )
    return KeyUsage(RECORD["id"], "maps", "w", NOW, NOW, created, last_use, rows, unknown)


MANY = usage(
    {
        **dict.fromkeys(range(1, 40), (("maps.example", "2xx", 1000),)),
        5: (("maps.example", "2xx", 2_000), ("maps.example", "4xx", 500), ("geo.example", "5xx", 1)),
        6: (),
    }
)


def text(lines):
    return ["".join(piece for piece, _ in line) for line in lines]


@pytest.mark.parametrize("width", [30, 52, 76, 116, 300])
def test_the_plot_has_a_scale_dates_and_its_meaning_at_any_width_without_colour(width):
    lines = text(dayplot.draw(MANY, width))
    assert lines[0].startswith("    4k ┤")
    assert any(line.startswith("     0 ┼") for line in lines)
    axis = next(line for line in lines if "┼" in line)
    assert all(len(line) <= width for line in lines if line[6:8] in {" ┤", " │", " ┼"})
    if width > 60:
        assert "?" in axis, "days that nobody counted are marked by a letter"
        assert "? not counted" in "\n".join(lines)
    if width > 30:
        assert "▒" in "".join(lines[:8]), "errors have a texture of their own"
    assert any("4xx 500" in line for line in lines)


def test_a_single_call_shows_beside_a_million():
    lines = text(dayplot.draw(usage({1: (("a", "2xx", 1_000_000),), 2: (("a", "2xx", 1),)}), 76))
    assert lines[7][8 + 53] == "▁"
    assert lines[7][8 + 54] == "█"
    assert lines[7][8 + 52] == " "


def test_calls_of_which_nobody_said_how_they_went_are_not_drawn_as_good_ones():
    lines = text(
        dayplot.draw(usage({1: (("a", "2xx", 500), ("a", "", 400), ("a", "3xx", 100), ("a", "5xx", 1_000))}), 76)
    )
    assert [line[8 + 54] for line in lines[:8]] == ["▓"] * 4 + ["░"] * 2 + ["█"] * 2
    assert next(line for line in lines if "calls in" in line).endswith(
        "█ 2xx 500   ▒ 4xx 0   ▓ 5xx 1,000   ░ other 500"
    )
    assert not any("other" in line for line in text(dayplot.draw(MANY, 116)))


def test_days_before_the_key_was_made_are_no_days_without_calls():
    lines = text(dayplot.draw(usage({1: ()}, created=NOW - timedelta(days=3)), 76))
    axis = next(line for line in lines if "┼" in line)
    assert axis.count("-") == 52
    assert "- not made yet" in "\n".join(lines)


def test_numbers_of_a_scale_are_round_and_short():
    assert [dayplot.nice(number) for number in (0, 1, 3, 9, 11, 501, 1_001)] == [1, 1, 4, 10, 20, 600, 2_000]
    assert [dayplot.short(number) for number in (950, 1_200, 20_000, 3 * 10**6)] == ["950", "1.2k", "20k", "3M"]


async def opened_section(app, pilot, key):
    await pilot.press("enter")
    await loaded(app, pilot)
    await pilot.press(key)
    await loaded(app, pilot)
    return shown(app)


async def test_usage_is_drawn_with_services_responses_record_and_what_it_cannot_see(opened):
    async with opened(desk_with(usage=MANY), size=(140, 50)) as (app, pilot):
        screen = await opened_section(app, pilot, "u")
        for wanted in (
            "[Usage]",
            "maps.example",
            "geo.example",
            "5xx 1",
            "window",
            "42 days back",
            "unseen for 30 min",
            "who called",
        ):
            assert wanted in screen, wanted
        await pilot.resize_terminal(60, 16)
        await loaded(app, pilot)
        assert "┼" in shown(app)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            usage(last_use=LastUse(UseStatus.DENIED), unknown="reading the record was denied"),
            "No data: reading the record was denied.",
        ),
        (
            usage(last_use=LastUse(UseStatus.UNSUPPORTED), unknown="nobody keeps a record of this key"),
            "No data: nobody keeps a record",
        ),
        (usage(), "No data: no scan has counted a day yet"),
        (usage({1: (), 2: ()}), "No calls were seen on the days that were counted."),
    ],
)
async def test_no_data_says_which_kind(opened, found, said):
    async with opened(desk_with(usage=found), size=(140, 50)) as (app, pilot):
        screen = await opened_section(app, pilot, "u")
        assert said in screen
        assert ("0 calls in" in screen) is ("No calls" in said), "where no day was counted there is no zero"


async def test_where_it_is_used_goes_from_the_key_to_files_on_other_hosts(opened):
    local = {**RECORD["placements"][1], "alias": ""}
    far = {**local, "host": "build-7", "elsewhere": True, "secret": "env:/srv/[/x].env"}
    places = [local, far, {**RECORD["placements"][0], "alias": ""}]
    found = WhereUsed(places, {"gsm:acme-prod/maps": ("kubectl rollout restart deploy/web",)}, "other-host")
    async with opened(desk_with(where_used=found), size=(140, 40)) as (app, pilot):
        lines = (await opened_section(app, pilot, "w")).splitlines()
        at = {word: next(number for number, line in enumerate(lines) if word in line) for word in (
            "maps  api-key", "├─ Secret Manager  acme-prod/maps", "version 7  current", "a change runs  kubectl rollout restart deploy/web",
            "env file  /srv/[/x].env  on build-7", "/home/ana/.env  on other-host (this host)",
        )}  # fmt: skip
        assert list(at.values()) == sorted(at.values())
        assert "no [[consumer]] matches" in lines[at["env file  /srv/[/x].env  on build-7"] + 2]


async def test_the_timeline_is_newest_first_and_marks_what_lies_ahead(opened):
    found = (
        Moment(NOW + timedelta(days=9), "end", "", "google"),
        Moment(NOW, "rotated [/x]", "01m7abc", "ana on laptop"),
        Moment(NOW - timedelta(days=400), "made", "", "google"),
    )
    async with opened(desk_with(timeline=found), size=(120, 40)) as (app, pilot):
        screen = await opened_section(app, pilot, "t")
        assert (
            screen.index("ahead: end") < screen.index("rotated [/x]  01m7abc  · ana on laptop") < screen.index("made")
        )


async def test_a_section_that_fails_says_why_and_leaves_the_others(opened):
    made = desk_with(usage=KeywardError("The snapshots are damaged.", hint="Scan."), timeline=())
    async with opened(made, size=(120, 40)) as (app, pilot):
        assert "The snapshots are damaged. Scan." in await opened_section(app, pilot, "u")
        await pilot.press("t")
        await loaded(app, pilot)
        assert "Nothing is known to have happened" in shown(app)
        await pilot.press("o")
        assert "Places" in shown(app)


async def test_arrows_go_round_the_sections_and_each_is_read_once(opened):
    made = desk_with(usage=MANY, where_used=WhereUsed((), {}, "h"), timeline=(), of_key=found.checked())
    async with opened(made, size=(120, 40)) as (app, pilot):
        await pilot.press("enter")
        await loaded(app, pilot)
        heads = []
        for key in ("right", "right", "right", "right", "right", "left"):
            await pilot.press(key)
            await loaded(app, pilot)
            heads.append(shown(app).splitlines()[3].split("[")[1].split("]")[0])
        assert heads == ["Usage", "Where used", "Timeline", "Findings", "Overview", "Findings"]
        sections = ["usage", "where_used", "timeline", "of_key"]
        assert [name for name, *_ in made.asked if name in sections] == sections


async def test_a_click_on_its_name_opens_a_section(opened):
    async with opened(desk_with(usage=MANY), size=(120, 40)) as (app, pilot):
        await pilot.press("enter")
        await loaded(app, pilot)
        at = shown(app).splitlines()[3].index("Usage")
        await pilot.click(offset=(at, 3))
        await loaded(app, pilot)
        assert "[Usage]" in shown(app)


@pytest.mark.parametrize("where", ["inventory", "key"])
async def test_y_copies_ids_and_command_lines_by_the_one_clipboard(opened, where):
    texts = (
        ("id", row(1).id),
        ("keyward rotate ...", f"keyward rotate {row(1).id}"),
        ("JSON of the record", '{"a": "[/x]"}'),
    )
    async with opened(desk_with(copies=texts)) as (app, pilot):
        if where == "key":
            await pilot.press("enter")
            await loaded(app, pilot)
        copied = []
        app.copying.copy = lambda text, what: copied.append((what, text))
        await pilot.press("y")
        await loaded(app, pilot)
        assert isinstance(app.screen, CopyScreen)
        await pilot.press("down", "enter")
        assert f"keyward rotate {row(1).id}" in shown(app), "whole, to be selected by hand"
        await pilot.press("down", "enter", "escape")
        await loaded(app, pilot)
        assert not isinstance(app.screen, CopyScreen)
        assert copied == [texts[1], texts[2]]


async def test_textuals_own_copying_keeps_nothing(opened):
    async with opened(desk_with()) as (app, pilot):
        sent = []
        app.copying.clipboard._environ, app.copying.clipboard._send = {"TERM": "xterm"}, sent.append
        app.copy_to_clipboard("a text")
        await loaded(app, pilot)
        assert app._clipboard == ""
        assert len(sent) == 1


STALE = {
    "id": "google-api-keys:acme-prod", "status": "denied", "detail": "Permission 'apikeys.keys.list' denied.", "permission": None,
    "api": None, "stale_since": "2026-11-18T09:00:00Z",
}  # fmt: skip


@pytest.mark.parametrize("key", "uwt")
async def test_each_section_says_what_of_its_key_is_stale_or_was_not_read(opened, key):
    known = {"key": RECORD, "rotations": [], "sources": [STALE]}
    made = desk_with(show=lambda _: known, usage=MANY, where_used=WhereUsed((), {}, "h"), timeline=())
    async with opened(made, size=(80, 24)) as (app, pilot):
        screen = " ".join((await opened_section(app, pilot, key)).split())
        assert (
            "denied google-api-keys:acme-prod: Permission 'apikeys.keys.list' denied; what is shown is from 2026-11-18"
            in screen
        )
        assert ("4 were not. It may be there too." in screen) is (key == "w")


async def test_a_key_whose_sources_were_all_read_says_nothing_of_them(opened):
    fine = {**STALE, "status": "ok", "detail": None, "stale_since": None}
    known = {"key": RECORD, "rotations": [], "sources": [fine]}
    async with opened(desk_with(show=lambda _: known), size=(80, 24)) as (app, pilot):
        await pilot.press("enter")
        await loaded(app, pilot)
        assert "google-api-keys:acme-prod:" not in shown(app)
