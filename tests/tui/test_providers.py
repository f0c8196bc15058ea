"""Providers: tier by tier what they do with what is sent, never better than what was looked up, with source and date one key away."""

from keyward.tui.screens.leaf import Leaf
from keyward.tui.widgets.grid import Grid
from tests.parts import found, screens
from tests.parts.desk import loaded, shown


async def test_each_tier_has_a_line_and_what_nobody_looked_up_says_so(opened):
    async with opened(screens.desk(), size=(160, 40)) as (app, pilot):
        await pilot.press("3")
        await loaded(app, pilot)
        lines = shown(app).splitlines()
        unpaid, paid, other = (
            next(line for line in lines[2:] if word in line) for word in (" Unpaid ", " Paid ", "Datadog")
        )
        assert unpaid.split()[1:] == [
            *("Gemini", "Unpaid", "yes", "not", "known", "it", "depends", "55", "d", "not", "said", "no"),
            *("2026-01-01", "STALE", "unv…"),
        ]  # fmt: skip
        assert " no " in paid
        assert "2026-10-01 unverified" in paid, "what is stale of another tier is not stale here"
        assert "nothing looked up" in other
        assert other.count("not said") == 6
        assert "improves products: yes. It may be used." not in lines[0]
        below = "\n".join(lines)
        assert "improves products   yes. It may be used." in below
        assert "vendor's page, 2026-01-01: https://acme.example/terms (STALE)" in below


async def test_enter_tells_every_statement_with_source_and_date_and_y_the_command(opened):
    async with opened(screens.desk(), size=(160, 60)) as (app, pilot):
        await pilot.press("3")
        await loaded(app, pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, Leaf)
        screen = shown(app)
        for text in (
            "Data handling, all tiers", "Unpaid [unpaid]", "shown by: api: no open billing account", "kept", "55 d. Against abuse.",
            "AI Studio: yes. In AI Studio too.", "control: Open a billing account. https://acme.example/pay", "not looked up, 2026-10-01 (unverified)",
        ):  # fmt: skip
            assert text in screen, text
        assert "keyward provider show gemini" in screen.splitlines()
        await pilot.press("escape", "y")
        await pilot.pause()
        assert "keyward provider show gemini" in shown(app).splitlines()


async def test_words_find_providers_by_what_is_said_and_by_their_other_names(opened):
    async with opened(screens.desk(), size=(160, 40)) as (app, pilot):
        await pilot.press("3")
        await loaded(app, pilot)
        for words, number in (("stale", 1), ("gemini-too", 2), ("reviewers", 1), ("datadog", 1), ("nobody", 0)):
            await pilot.press("slash", *words)
            await pilot.pause()
            assert len(app.screen.query_one(Grid).order) == number, words
            if not number:
                assert "No provider has these words" in shown(app)
            await pilot.press("escape")


async def test_the_words_are_those_of_the_command(opened):
    from keyward.desk.provider_words import beside, by_tier, says

    document = found.provider()
    async with opened(screens.desk(), size=(200, 80)) as (app, pilot):
        await pilot.press("3")
        await loaded(app, pilot)
        await pilot.press("enter")
        await pilot.pause()
        screen = shown(app)
        for told in by_tier(document):
            for one in told.statements:
                assert says(one) in screen
                assert all(line in screen for line in beside(one))
