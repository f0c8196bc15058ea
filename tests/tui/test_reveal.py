"""Showing a value: only after a dialog, for a while, to nobody's camera; what cannot be read or put down is not shown."""

import secrets
import threading

import pytest

from keyward.desk.revealing import Readable, Revealed
from keyward.model.errors import LedgerBroken, Refused
from keyward.model.secret import Secret
from keyward.tui import copying
from keyward.tui.screens import reveal as module
from keyward.tui.screens.key import KeyScreen
from keyward.tui.screens.reveal import AskReveal, ValueScreen
from keyward.tui.widgets.deaf import ARMED_AFTER
from keyward.tui.widgets.value import Value
from tests.parts.desk import loaded, shown
from tests.tui.test_key import desk_with


@pytest.fixture
def value():
    return f"made-{secrets.token_urlsafe(30)}-here"


def desk(value, **answers):
    found = Revealed(Secret.of(value), "google-api-keys:acme-prod")
    known = {"readable": Readable("google-api-keys:acme-prod"), "reveal": lambda _: found, "copied": lambda *_: None}
    return desk_with(**{**known, **answers})


def said(app):
    """What was told in passing."""
    return [one.message for one in app._notifications]


async def opened_key(app, pilot):
    await pilot.press("enter")
    await loaded(app, pilot)


async def asked(app, pilot):
    """The dialog, ready to listen."""
    await opened_key(app, pilot)
    await pilot.press("x")
    await loaded(app, pilot)
    assert isinstance(app.screen, AskReveal)
    await pilot.pause(ARMED_AFTER + 0.1)


async def showing(app, pilot):
    await asked(app, pilot)
    await pilot.press("right", "enter")
    await loaded(app, pilot)
    assert isinstance(app.screen, ValueScreen)


@pytest.mark.parametrize("key", ["r", "q", "escape"])
async def test_it_is_shown_after_the_dialog_and_hidden_by_any_key(opened, value, key):
    made = desk(value)
    async with opened(made) as (app, pilot):
        await showing(app, pilot)
        assert value in shown(app)
        await pilot.press(key)
        await loaded(app, pilot)
        assert value not in shown(app)
        assert isinstance(app.screen, KeyScreen), "the key that hides does nothing else"
        assert app.is_running


async def test_a_key_of_everywhere_blanks_it_too(opened, value):
    async with opened(desk(value)) as (app, pilot):
        await showing(app, pilot)
        own = app.screen.query_one(Value)
        await pilot.press("ctrl+p")  # the palette's key comes before those of every screen
        await loaded(app, pilot)
        assert own.secret is None
        assert not app.value_shown
        assert isinstance(app.screen, KeyScreen)
        assert value not in shown(app)


async def test_cancel_has_the_focus_and_nothing_is_read_before_a_person_says_so(opened, value):
    made = desk(value)
    async with opened(made) as (app, pilot):
        await asked(app, pilot)
        assert app.focused.id == "cancel"
        screen = shown(app)
        assert "audited read" in screen
        assert "google-api-keys:acme-prod" in screen
        await pilot.press("enter")
        await loaded(app, pilot)
        assert "reveal" not in [name for name, *_ in made.asked]


async def test_time_hides_it(opened, value, monkeypatch):
    monkeypatch.setattr(module, "SHOWN_FOR", 0.4)
    async with opened(desk(value)) as (app, pilot):
        await showing(app, pilot)
        for _ in range(100):
            await pilot.pause(0.05)
            if not isinstance(app.screen, ValueScreen):
                break
        assert value not in shown(app)
        assert not app.value_shown


async def test_looking_elsewhere_and_being_put_aside_hide_it(opened, value):
    for leave in ("blur", "suspend"):
        async with opened(desk(value)) as (app, pilot):
            await showing(app, pilot)
            if leave == "blur":
                app.app_focus = False
            else:
                app._suspend_signal()
            await loaded(app, pilot)
            assert value not in shown(app), leave


async def test_no_picture_is_taken_while_it_is_shown(opened, value, tmp_path):
    async with opened(desk(value)) as (app, pilot):
        await showing(app, pilot)
        for picture in (app.export_screenshot, lambda: app.save_screenshot("x.svg", path=str(tmp_path))):
            with pytest.raises(Refused, match="No picture"):
                picture()
        assert list(tmp_path.iterdir()) == []
        await pilot.press("j")
        await loaded(app, pilot)
        assert value not in app.export_screenshot()


async def test_it_is_in_no_other_widget_and_gone_from_its_own_after(opened, value):
    async with opened(desk(value)) as (app, pilot):
        await showing(app, pilot)
        own = app.screen.query_one(Value)
        for screen in app.screen_stack:
            for widget in screen.walk_children():
                assert value not in repr(vars(widget)), widget
                if widget is not own:
                    assert value not in str(widget.render()), widget
        assert value not in repr(vars(app))
        await pilot.press("j")
        await loaded(app, pilot)
        assert own.secret is None
        assert value not in repr(own._styles_cache._cache)


async def test_escapes_in_a_value_are_not_sent_to_the_terminal(opened):
    async with opened(desk("a\x1b]52;c;eA==\x07b")) as (app, pilot):
        await showing(app, pilot)
        assert "\x1b" not in shown(app)
        assert "a\N{REPLACEMENT CHARACTER}]52" in shown(app)


async def test_what_cannot_be_put_down_is_not_shown(opened, value):
    broken = LedgerBroken("The ledger cannot be written.", hint="Make room.")
    async with opened(desk(value, reveal=broken)) as (app, pilot):
        await showing(app, pilot)
        screen = shown(app)
        assert "The ledger cannot be written." in screen
        assert value not in screen
        assert not app.value_shown


async def test_a_key_whose_value_cannot_be_read_says_why_and_opens_no_dialog(opened, value):
    async with opened(desk(value, readable=Readable(why="its provider shows it once only"))) as (app, pilot):
        await opened_key(app, pilot)
        await pilot.press("x")
        await loaded(app, pilot)
        assert not isinstance(app.screen, AskReveal)
        assert "its provider shows it once only" in said(app)[-1]


async def test_a_copied_value_is_put_down_first_kept_as_a_token_only_and_cleared_by_time(opened, value, monkeypatch):
    monkeypatch.setattr(copying, "CLEARED_AFTER", 0.5)
    order = []
    made = desk(value, copied=lambda *_: order.append("put down"))
    async with opened(made) as (app, pilot):
        await showing(app, pilot)
        clipboard = app.copying.clipboard
        clipboard._environ, clipboard._send = {"TERM": "xterm"}, order.append
        await pilot.press("Y")
        await loaded(app, pilot)
        assert order[0] == "put down"
        assert order[1].startswith("\x1b]52;c;")
        assert value not in repr(vars(app.copying))
        assert value not in app._clipboard
        await pilot.press("j")
        for _ in range(100):
            await pilot.pause(0.05)
            if len(said(app)) > 1:
                break
        assert order[2:] == ["\x1b]52;c;IA==\x07"]
        assert said(app)[-1] == "Clipboard: cleared."


async def test_a_copy_that_cannot_be_put_down_is_not_made(opened, value):
    sent = []
    async with opened(desk(value, copied=LedgerBroken("The ledger cannot be written."))) as (app, pilot):
        await showing(app, pilot)
        app.copying.clipboard._send = sent.append
        await pilot.press("Y")
        await loaded(app, pilot)
        assert sent == []
        assert value not in shown(app)


async def test_a_value_that_was_copied_while_it_was_hidden_is_cleared_too(opened, value):
    sent, gate = [], threading.Event()
    made = desk(value, copied=lambda *_: gate.wait(20))
    async with opened(made) as (app, pilot):
        await showing(app, pilot)
        app.copying.clipboard._environ, app.copying.clipboard._send = {"TERM": "xterm"}, sent.append
        await pilot.press("Y", "j")
        await pilot.pause()
        assert isinstance(app.screen, KeyScreen)
        gate.set()
        await loaded(app, pilot)
        assert len(sent) == 1
        app.copying.end()
        assert sent[1:] == ["\x1b]52;c;IA==\x07"]
        app.copying.copy_value(Secret.of(value))
        assert len(sent) == 2, "who leaves copies nothing more: nobody would take it away"
