"""Copying: which way is taken in which terminal, what goes over it, and how a value is taken away again."""

import base64
import secrets
import stat

import pytest

from keyward.model.secret import Secret
from keyward.tui.clipboard import Clipboard, Way
from tests.parts.desk import OK, Desk, loaded, row

OSC = "\x1b]52;c;{}\x07"


def osc(text):
    return OSC.format(base64.b64encode(text.encode()).decode())


class Desktop:
    """A folder of made-up tools, and a terminal that keeps what is written to it."""

    def __init__(self, folder):
        self.folder, self.sent, self.holds = folder, [], folder / "holds"
        folder.mkdir()

    def tool(self, name, script):
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def clipboard_tool(self, name, reader=None):
        self.tool(name, f'printf "%s" "$*" > {self.folder}/{name}.arguments; cat > {self.holds}')
        if reader:
            self.tool(reader, f"cat {self.holds}")

    def tmux(self, clipboard, passthrough):
        self.tool(
            "tmux",
            f'case "$*" in\n"show-options -sv set-clipboard") echo {clipboard};;\n'
            f'"show-options -pAv allow-passthrough") echo {passthrough};;\n'
            f'load-buffer*) echo "$*" >> {self.folder}/tmux.log; cat > {self.holds};;\n*) echo "$*" >> {self.folder}/tmux.log;;\nesac',
        )

    def clipboard(self, **environ):
        return Clipboard(
            {"PATH": f"{self.folder}:/usr/bin:/bin", "TERM": "xterm-256color", **environ}, self.sent.append
        )


@pytest.fixture
def desktop(tmp_path):
    return Desktop(tmp_path / "bin")


def test_a_terminal_gets_it_by_osc_52(desktop):
    assert desktop.clipboard().copy("an id") is Way.TERMINAL
    assert desktop.sent == [osc("an id")]


@pytest.mark.parametrize(
    ("clipboard", "passthrough", "way"),
    [
        ("on", "off", Way.THROUGH_TMUX),
        ("external", "on", Way.PASSED_ON),
        ("external", "off", Way.TMUX),
        ("off", "all", Way.PASSED_ON),
        ("off", "off", Way.BY_HAND),
    ],
)
def test_in_tmux_it_goes_as_this_tmux_lets_it_through(desktop, clipboard, passthrough, way):
    desktop.tmux(clipboard, passthrough)
    assert desktop.clipboard(TMUX="/tmp/x,1,0").copy("an id") is way  # noqa: S108  # the form of the variable
    wanted = {
        Way.THROUGH_TMUX: [osc("an id")],
        Way.PASSED_ON: ["\x1bPtmux;\x1b" + osc("an id") + "\x1b\\"],
    }
    assert desktop.sent == wanted.get(way, [])
    if way is Way.TMUX:
        assert desktop.holds.read_text() == "an id"
        log = (desktop.folder / "tmux.log").read_text().split("\n")
        assert log[0].startswith("load-buffer -w -b keyward-")
        assert log[1] == f"delete-buffer -b {log[0].split()[3]}", "nothing stays in a buffer"


def test_screen_is_passed_by(desktop):
    assert desktop.clipboard(STY="1.x", TERM="screen").copy("an id") is Way.SCREEN
    assert desktop.sent == ["\x1bP" + osc("an id") + "\x1b\\"]


@pytest.mark.parametrize(
    ("tool", "environ", "way"),
    [
        ("wl-copy", {"WAYLAND_DISPLAY": "wayland-0"}, Way.WL_COPY),
        ("xclip", {"DISPLAY": ":0"}, Way.XCLIP),
        ("pbcopy", {}, Way.PBCOPY),
    ],
)
@pytest.mark.parametrize("deaf", [{"TERM": "linux"}, {"TERM_PROGRAM": "Apple_Terminal"}, {"VTE_VERSION": "6800"}])
def test_where_the_terminal_takes_none_a_tool_of_the_desktop_does(desktop, tool, environ, way, deaf):
    desktop.clipboard_tool(tool)
    assert desktop.clipboard(**{"TERM": "xterm", **environ, **deaf}).copy("an id") is way
    assert desktop.holds.read_text() == "an id"
    assert "an id" not in (desktop.folder / f"{tool}.arguments").read_text(), "never in arguments"
    assert desktop.sent == []


def test_over_ssh_no_tool_of_the_far_machine_is_used(desktop):
    desktop.clipboard_tool("xclip")
    far = {"SSH_CONNECTION": "a 1 b 2", "DISPLAY": ":0", "VTE_VERSION": "6800"}
    assert desktop.clipboard(**far).copy("an id") is Way.TERMINAL
    assert not desktop.holds.exists()


def test_without_any_way_it_says_that_nothing_was_copied(desktop):
    assert desktop.clipboard(TERM="linux").copy("an id") is Way.BY_HAND
    assert not Way.BY_HAND.copied
    assert desktop.sent == []


def test_a_tool_that_fails_has_copied_nothing(desktop):
    desktop.tool("xclip", "exit 1")
    assert desktop.clipboard(TERM="linux", DISPLAY=":0").copy("an id") is Way.BY_HAND


def test_a_value_is_taken_away_from_the_terminal_again_and_not_kept_meanwhile(desktop):
    value = secrets.token_urlsafe(20)
    clipboard = desktop.clipboard()
    token = clipboard.copy_secret(Secret.of(value))
    assert desktop.sent == [osc(value)]
    assert value not in repr(token)
    assert not any(
        value in str(part) or value.encode() in bytes(str(part), "utf-8") for part in (token.nonce, token.digest)
    )
    assert value not in repr(vars(clipboard))
    assert clipboard.clear(token) == "cleared"
    assert desktop.sent[1:] == [osc(" ")]


def test_what_somebody_else_copied_meanwhile_stays_where_that_can_be_read(desktop):
    desktop.clipboard_tool("xclip", reader=None)
    desktop.tool("xclip", f'case "$*" in *-out) cat {desktop.holds};; *) cat > {desktop.holds};; esac')
    clipboard = desktop.clipboard(TERM="linux", DISPLAY=":0")
    token = clipboard.copy_secret(Secret.of("made here"))
    desktop.holds.write_text("another text")
    assert "left alone" in clipboard.clear(token)
    assert desktop.holds.read_text() == "another text"
    token = clipboard.copy_secret(Secret.of("made here"))
    assert clipboard.clear(token) == "cleared"
    assert desktop.holds.read_text() == " "


async def test_a_copy_that_failed_does_not_keep_the_one_before_it_in_the_clipboard(opened, monkeypatch):
    ways = [Way.TERMINAL, Way.BY_HAND]
    async with opened(Desk([row(1)], [OK])) as (app, pilot):
        monkeypatch.setattr(Clipboard, "_way", lambda _: ways.pop(0))
        sent = []
        app.copying.clipboard._send = sent.append
        for _ in range(2):
            app.copying.copy_value(Secret.of(f"made-{secrets.token_urlsafe(30)}"))
            await pilot.pause()
        app.copying._clear()
        await loaded(app, pilot)
        assert sent[-1] == osc(" "), "the first is taken away"
