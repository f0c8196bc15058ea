"""The coverage screen: 3 / 3 / 3 in words, accepted gaps, and a scan while it goes on."""

import asyncio
import threading
from datetime import date, timedelta

from keyward.desk.gaps import Gaps
from keyward.desk.wish import ScanSummary
from keyward.model.events import Finished, QuotaWait, ScanStarted, SourceDone, SourceProgress
from keyward.model.source import SourceReport, SourceStatus
from keyward.settings.lists import Gap
from keyward.tui.app import KeywardApp
from keyward.tui.screens.coverage import CoverageScreen
from tests.parts.desk import NOW, Desk, loaded, row, seen, shown

WORDS = {"open": SourceStatus.OK, "shut": SourceStatus.DENIED, "off": SourceStatus.DISABLED}
NINE = [
    SourceReport(
        f"google-api-keys:acme-{word}-{number}", status, items=2 * (word == "open"),
        permission="apikeys.keys.list" if word == "shut" else "", at=NOW,
    )
    for word, status in WORDS.items()
    for number in range(3)
]  # fmt: skip
ONE = [one.id for one in NINE]


async def test_nine_projects_are_three_three_and_three(opened):
    others = [SourceReport(f"{kind}:acme", SourceStatus.OK, items=5, at=NOW) for kind in ("gsm", "env")]
    async with opened(Desk([row(1)], [*NINE, *others]), size=(100, 26)) as (app, pilot):
        await pilot.press("d")
        screen = await seen(app, pilot, "3 denied, 3 disabled, 3 ok; 6 found")
        assert screen.count("1 ok; 5 found") == 2, "each kind has its line"
        lines = [line for line in screen.splitlines() if "google-api-keys:acme-" in line]
        assert ["shut" in line for line in lines[:3]] == [True] * 3, "the unread ones first"
        assert "needs apikeys.keys.list" in lines[0]


async def test_where_nothing_was_read_nothing_is_said_to_be_missing(opened):
    only = [one for one in NINE if one.status is not SourceStatus.OK]
    empty = SourceReport("gsm:acme", SourceStatus.OK, at=NOW)
    async with opened(Desk([row(1)], [*only, empty]), size=(100, 26)) as (app, pilot):
        await pilot.press("d")
        lines = (await seen(app, pilot, "3 denied, 3 disabled", "1 ok; 0 found")).splitlines()
        assert next(line for line in lines if "3 denied" in line).rstrip().endswith("3 denied, 3 disabled")


async def test_an_accepted_gap_is_named_and_counts_no_more(opened):
    class Accepting(Desk):
        def gaps(self):
            return Gaps((Gap("*:acme-shut-*", "mary", date(2026, 12, 1), "sold"),), NOW)

    async with opened(Accepting([row(1)], NINE), size=(120, 36)) as (app, pilot):
        assert "3 sources disabled" in shown(app)
        assert "denied" not in shown(app).splitlines()[0]
        await pilot.press("d")
        await pilot.pause()
        screen = shown(app)
        assert "accepted by mary until 2026-12-01 (sold)" in screen
        assert "3 denied" in screen, "an accepted gap was not read all the same"


async def test_a_scan_under_way_is_told_by_source_kind_and_wait_and_stops_on_a_key(opened):
    stop = threading.Event()

    def scan(_wish, report, cancel):
        report(ScanStarted((*ONE, "gsm:acme-open-0")))
        for one in NINE[:4]:
            report(SourceDone(one))
        report(SourceProgress(ONE[4], 1234, 7, 3, listed=False))
        report(QuotaWait("apikeys.googleapis.com", NOW + timedelta(seconds=40)))
        while not cancel.wait(0.02):
            if stop.is_set():
                break
        report(Finished("scan", "cancelled"))
        return ScanSummary(NOW, tuple(NINE[:4]), cancelled=True)

    async with opened(Desk([row(1)], NINE, scan=scan), size=(120, 40)) as (app, pilot):
        try:
            await pilot.press("ctrl+r", "d")
            for _ in range(50):
                await pilot.pause(0.1)
                if "waiting for quota until" in (screen := shown(app)):
                    break
            assert "4/9; 1 denied, 3 ok; 1,240 found" in screen
            assert "0/1; none read yet" in screen
            assert "apikeys.googleapis" in screen
            assert "waiting for quota until 12:00:40 UTC" in screen
            asking = [line.split() for line in screen.splitlines() if ONE[4] in line or "gsm:acme-open-0" in line]
            assert any(words[2:4] == ["asking", "1,234"] for words in asking)
            assert any("waiting" in words for words in asking)
            top = screen.splitlines()[0]
            assert "Coverage" in top
            assert "scanning, 4/10 read, apikeys quota at 12:00:40" in top
            await pilot.press("ctrl+r")
            await loaded(app, pilot)
            async with asyncio.timeout(20):
                while not app._notifications or "asking" in shown(app):
                    await pilot.pause(0.02)
            assert [note.message for note in app._notifications] == ["Stopped; what was read is kept."]
            assert "asking" not in shown(app)
        finally:
            stop.set()


async def test_the_smallest_screen_holds_a_thousand_sources(opened):
    many = [SourceReport(f"gsm:acme-{number}", SourceStatus.DENIED, at=NOW) for number in range(1000)]
    async with opened(Desk([row(1)], many), size=(40, 10)) as (app, pilot):
        await pilot.press("d")
        await pilot.pause()
        await pilot.press("end")
        await pilot.pause()
        assert "gsm:acme-999" in shown(app)


async def test_what_was_not_read_is_no_zero_and_has_its_column_on_a_narrow_screen(opened):
    dark = SourceReport(
        "google-api-keys:acme-away", SourceStatus.UNREACHABLE, at=NOW, stale_since=NOW - timedelta(days=2)
    )
    unread = SourceReport("gsm:acme-open", SourceStatus.OK, items=12, not_looked=12, at=NOW)
    async with opened(Desk([row(1)], [dark, unread]), size=(80, 24)) as (app, pilot):
        await pilot.press("d")
        await loaded(app, pilot)
        lines = {line.split()[0]: line.split() for line in shown(app).replace(">", " ").splitlines() if ":acme" in line}
        assert lines["google-api-keys:acme-away"][2] == "-", "nobody knows how many keys there are"
        assert lines["gsm:acme-open"][1:4] == ["ok", "12", "12"]
        assert "12 values not read" in " ".join(lines["gsm:acme-open"])
        assert "rows are from 2026-11-18 12:00 UTC" in shown(app)


async def test_a_screen_that_is_being_taken_down_is_told_nothing_more(opened):
    async with opened(Desk([row(1)], NINE)) as (app, pilot):
        await pilot.press("d")
        await loaded(app, pilot)
        await app.screen.query("*").remove()
        app.tell(busy="")
        await pilot.pause()
        assert app.is_running


async def test_what_a_scan_still_tells_while_the_app_ends_finds_no_widgets_and_needs_none(opened, monkeypatch):
    """The app takes the widgets of its screens away before it takes the screens."""
    close = KeywardApp._close_all  # Textual has no public word for it

    async def told_late(app):
        await app.screen.query_one("#kinds").remove()  # the others follow
        app.tell(busy="")
        await close(app)

    monkeypatch.setattr(KeywardApp, "_close_all", told_late)
    async with opened(Desk([row(1)])) as (app, pilot):
        await pilot.press("d")
        await pilot.pause()
        assert isinstance(app.screen, CoverageScreen)
