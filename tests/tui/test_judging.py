"""Findings in the table: a column with its own set, queries, and a judging that begins only where somebody looks at findings."""

import pytest

from keyward.model.errors import SettingsError
from tests.parts.desk import NOW, OK, Desk, loaded, row, shown

ROWS = (
    row(1, findings=("KW-101", "KW-302", "unknown")),
    row(2, findings=()),
    row(3, findings=("unknown",)),
    row(4, findings=("unjudged",)),
    row(5, findings=("KW-101",)),
)
DAY_OLD = NOW.timestamp() - 86_400


def judging(standing, **answers):
    """A desk whose keys were judged like that, and how they are once they are judged again."""
    made = Desk(ROWS, [OK], judged=lambda: made.standing, **answers)
    made.standing = standing

    def judge():
        made.standing = (NOW.timestamp(), "")
        made._cache._rows = [row(4, findings=("KW-401",)), *ROWS[:3], ROWS[4]]
        return [row(4).id]

    made._answers.setdefault("judge_keys", judge)
    return made


def asked(desk):
    return [name for name, *_ in desk.asked].count("judge_keys")


async def test_the_column_says_what_is_known_and_sorts_by_how_many_are_broken(opened):
    async with opened(judging((NOW.timestamp(), "")), size=(160, 20)) as (app, pilot):
        await pilot.press("i", *"wwwwww")
        await pilot.pause()
        assert app.screen.choice.preset == "findings"
        screen = shown(app)
        for text in ("FINDINGS", "KW-101, KW-302 ?", "none", "? not all known", "not judged", "s ago"):
            assert text in screen
        app.screen.view.sort("findings", 0.0)
        order = [app.screen.rows.columns["findings"][at] for at in app.screen.view.order]
        assert order == [ROWS[0].findings, ROWS[4].findings, (), ("unknown",), ("unjudged",)]
        app.screen.view.sort("findings", 0.0)
        order = [app.screen.rows.columns["findings"][at] for at in app.screen.view.order]
        assert order[-2:] == [("unknown",), ("unjudged",)], "what is not known stays last"


@pytest.mark.parametrize(
    ("keys", "asks"),
    [("wwwwww", True), ("wwwww", False), (("slash", *"finding:KW-4*"), True), (("slash", *"kind:api-key"), False)],
)
async def test_keys_are_judged_again_only_when_somebody_looks_at_findings(opened, keys, asks):
    desk = judging((DAY_OLD, "day"))
    async with opened(desk, size=(160, 20)) as (app, pilot):
        await pilot.press(*keys)
        await loaded(app, pilot)
        assert asked(desk) == int(asks)
        if asks:
            assert app.screen.judging.said.endswith("s ago"), "no longer stale"
            assert ("KW-401",) in app.screen.rows.columns["findings"]
            if "slash" in keys:
                assert len(app.screen.view.order) == 1, "what changed is in view"


async def test_what_cannot_be_judged_is_said_once_and_stays_stale(opened):
    wrong = SettingsError("[[policy]] rule = 'KW-9': there is no such rule.")
    desk = judging((DAY_OLD, "settings"), judge_keys=wrong)
    async with opened(desk, size=(160, 20)) as (app, pilot):
        await pilot.press("slash", *"finding:none")
        await loaded(app, pilot)
        assert asked(desk) == 1
        assert "judged 1d ago, stale" in shown(app)
        assert [note.message for note in app._notifications] == [str(wrong)]


async def test_keys_that_were_never_judged_say_so_in_the_pane_too(opened):
    desk = judging(None, judge_keys=lambda: ())
    desk._cache._rows = [ROWS[3]]
    async with opened(desk, size=(160, 40)) as (app, pilot):
        assert "not judged" in shown(app)
        await pilot.press(*"wwwwww")
        await loaded(app, pilot)
        assert asked(desk) == 1
        assert "· not judged" in shown(app)
