"""Data handling in the app: a column with its own set, a section of the key, and rows that follow what was found out."""

from types import SimpleNamespace

from tests.parts.desk import OK, Desk, columns, loaded, row, shown
from tests.tui.test_key import RECORD, desk_with

STATEMENT = {
    "id": "a", "topic": "improvement", "tiers": ["unpaid"], "surface": None, "answer": "yes", "days": None, "said": "It may be used.",
    "control": None, "where": None, "proof": None, "shows": None, "evidence": "doc", "source": "https://acme.example",
    "checked": "2026-01-01", "stale": True, "unverified": False, "how": "proved", "why": "no account", "fix": None,
}  # fmt: skip
TIER = {"id": "unpaid", "label": "Unpaid", "how": "proved", "why": "no account", "fix": None}
SERVICE = {
    "provider": "gemini",
    "label": "Gemini",
    "reach": {"answer": "yes", "why": "it is on", "fix": None},
    "tier": TIER,
    "statements": [STATEMENT, {**STATEMENT, "topic": "voting", "surface": "AI Studio"}],
}
HANDLED = {"words": ["trains", "unpaid"], "production": ["env=prod"], "services": [SERVICE]}


def with_data(*words):
    return row(1, data=words)


async def test_the_column_has_a_set_of_its_own_and_says_what_is_not_known(opened):
    rows = [row(1, data=("trains", "unpaid")), row(2, data=("unknown",)), row(3, data=("none",))]
    async with opened(Desk(rows, [OK]), size=(160, 20)) as (app, pilot):
        await pilot.press("i", *"wwwww")
        await pilot.pause()
        assert app.screen.choice.preset == "data"
        screen = shown(app)
        assert "DATA" in screen
        assert "trains, unpaid" in screen
        for query, names in (("data:trains", 1), ("data:unknown", 1), ("!data:none", 2)):
            app.screen.view.look_for(query, 0.0)
            assert len(app.screen.view.order) == names, query
        app.screen.view.look_for("", 0.0)
        app.screen.view.sort("data", 0.0)
        assert [app.screen.rows.columns["data"][at] for at in app.screen.view.order][-1] == ("unknown",)


async def test_settings_that_changed_since_the_last_scan_bring_the_rows_again(opened):
    made = Desk([with_data("unknown")], [OK])

    def judge():
        made._cache = SimpleNamespace(
            chunks=lambda *_: iter([columns([with_data("eea")])]),
            sources=list,
            scanned_at=None,
            close=lambda: None,
        )
        return [row(1).id]

    made.judge_data = judge
    async with opened(made) as (app, _):
        assert app.screen.rows.columns["data"] == [("eea",)]


async def test_the_page_of_a_key_says_what_holds_how_that_is_known_and_where_the_rest_stands(opened):
    record = {"key": RECORD, "rotations": [], "sources": [], "context": [], "owners": []}
    changed = []
    desk = desk_with(show=lambda _: {**record, "data_handling": HANDLED}, ask_around=lambda *_: changed)
    async with opened(desk, size=(160, 60)) as (app, pilot):
        await pilot.press("enter")
        await loaded(app, pilot)
        screen = shown(app)
        assert "What is sent with it" in screen
        assert "production: env=prod of acme-prod" in screen
        assert "tier: Unpaid (proved: no account)" in screen
        assert "improves products: yes. It may be used. (proved; STALE)" in screen
        assert "1 more, and every source: keyward provider show gemini" in screen
        desk._cache._rows = [with_data("paid")]
        changed.append(row(1).id)
        await pilot.press("ctrl+r")
        await loaded(app, pilot)
        assert app.inventory.rows.columns["data"] == [("paid",)], "the list behind it follows"
