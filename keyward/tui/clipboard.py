"""The one way out to a clipboard: through the terminal (OSC 52), through tmux, through a tool of the desktop, or by hand.

Nothing that is copied is kept here. Of a value only a keyed hash stays, to tell whether the clipboard still holds it.
"""

import base64
import hashlib
import hmac
import secrets
import shutil
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from keyward.model.secret import Secret

Send = Callable[[str], None]
"""Writes a sequence to the terminal."""

_PATIENCE = 2.0
"""Seconds that a tool may take."""
_BLANK = b" "
"""What a clipboard holds after it was cleared: an empty text is ignored by tmux and by some terminals."""
_DEAF = ("dumb", "linux", "vt1", "vt2")
"""Beginnings of TERM of terminals that have no clipboard."""
_TOOLS: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("WAYLAND_DISPLAY", "wl-copy", (), ("wl-paste", "--no-newline")),
    ("DISPLAY", "xclip", ("-selection", "clipboard", "-in"), ("xclip", "-selection", "clipboard", "-out")),
    ("", "pbcopy", (), ("pbpaste",)),
)
"""The variable without which a tool has nowhere to copy to, the tool, its arguments, and what reads the clipboard."""


class Way(StrEnum):
    """How something was copied, in words."""

    TERMINAL = "sent to the terminal (OSC 52)"
    THROUGH_TMUX = "sent to the terminal through tmux (OSC 52)"
    PASSED_ON = "sent to the terminal past tmux (OSC 52)"
    TMUX = "handed to tmux, which tells the terminal (load-buffer -w)"
    SCREEN = "sent to the terminal past screen (OSC 52)"
    WL_COPY = "copied with wl-copy"
    XCLIP = "copied with xclip"
    PBCOPY = "copied with pbcopy"
    BY_HAND = "not copied: this terminal takes no clipboard; select the text with the mouse (hold Shift)"

    @property
    def copied(self) -> bool:
        """Whether anything was copied."""
        return self is not Way.BY_HAND


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """That a value was copied, and by which way; the value cannot be found from it."""

    way: Way
    nonce: bytes
    digest: bytes

    def fits(self, content: bytes) -> bool:
        """Whether that is the value."""
        return any(
            hmac.compare_digest(self.digest, _digest(self.nonce, one)) for one in (content, content.rstrip(b"\n"))
        )


class Clipboard:
    """The clipboard of the person at this terminal. Its methods run programs and may take a second: call them in threads.

    Args:
        environ: environment variables; they say what kind of terminal this is.
        send: writes to the terminal.
    """

    def __init__(self, environ: Mapping[str, str], send: Send) -> None:
        self._environ, self._send = environ, send

    def copy(self, text: str) -> Way:
        """Copy a text that is no secret; says how. By hand means that nothing was copied."""
        return self._put(text.encode("utf-8", "replace"), self._way())

    def copy_secret(self, value: Secret) -> Token:
        """Copy a value; `clear` takes it away again."""
        nonce = secrets.token_bytes(16)
        way = self._put(value.reveal(), self._way())
        return Token(way, nonce, _digest(nonce, value.reveal()))

    def clear(self, token: Token) -> str:
        """Take a value away, unless something else was copied meanwhile, as far as that can be read; what was done, in words."""
        if token.way is Way.BY_HAND:
            return "nothing was copied"
        tool = next((one for one in _TOOLS if token.way is _way_of(one[1])), None)
        if tool is not None:
            content = self._read(tool[3])
            if content is not None and not token.fits(content):
                return "the clipboard holds something else by now and was left alone"
        return (
            "cleared"
            if self._put(_BLANK, token.way) is token.way
            else "could not be cleared: clear the clipboard yourself"
        )

    # Which way

    def _way(self) -> Way:
        term, variables = self._environ.get("TERM", ""), self._environ
        if variables.get("TMUX"):
            return self._way_of_tmux() or self._tool() or Way.BY_HAND
        if variables.get("STY"):
            return Way.SCREEN
        local = not (variables.get("SSH_CONNECTION") or variables.get("SSH_TTY"))
        # Over ssh the variables of the terminal do not come along, and tools of the far machine copy to nowhere.
        deaf = not term or term.startswith(_DEAF) or variables.get("TERM_PROGRAM") == "Apple_Terminal"
        if local and (deaf or variables.get("VTE_VERSION")):  # older terminals made of VTE ignore OSC 52
            tool = self._tool()
            if tool is not None:
                return tool
        return Way.BY_HAND if deaf else Way.TERMINAL

    def _way_of_tmux(self) -> Way | None:
        """What this tmux lets through; None: nothing."""
        shown = self._run(("tmux", "show-options", "-sv", "set-clipboard")).strip()
        if shown == b"on":
            return Way.THROUGH_TMUX
        if self._run(("tmux", "show-options", "-pAv", "allow-passthrough")).strip() in {b"on", b"all"}:
            return Way.PASSED_ON
        return Way.TMUX if shown == b"external" else None

    def _tool(self) -> Way | None:
        for variable, tool, _, _ in _TOOLS:
            if (not variable or self._environ.get(variable)) and self._find(tool):
                return _way_of(tool)
        return None

    # Doing it

    def _put(self, content: bytes, way: Way) -> Way:
        osc = f"\x1b]52;c;{base64.b64encode(content).decode()}\x07"
        match way:
            case Way.TERMINAL | Way.THROUGH_TMUX:
                self._send(osc)
            case Way.PASSED_ON:
                self._send(f"\x1bPtmux;{osc.replace(chr(27), chr(27) * 2)}\x1b\\")
            case Way.SCREEN:
                self._send(f"\x1bP{osc}\x1b\\")
            case Way.TMUX:
                return way if self._through_tmux(content) else Way.BY_HAND
            case Way.WL_COPY | Way.XCLIP | Way.PBCOPY:
                _, tool, arguments, _ = next(one for one in _TOOLS if way is _way_of(one[1]))
                return way if self._ran((tool, *arguments), content) else Way.BY_HAND
            case Way.BY_HAND:
                pass
        return way

    def _through_tmux(self, content: bytes) -> bool:
        """Have tmux tell the terminal; nothing stays in a buffer of tmux."""
        name = f"keyward-{secrets.token_hex(4)}"
        done = self._ran(("tmux", "load-buffer", "-w", "-b", name, "-"), content)
        self._ran(("tmux", "delete-buffer", "-b", name), b"")
        return done

    def _read(self, argv: tuple[str, ...]) -> bytes | None:
        """What a tool says is in the clipboard; None when it cannot be told."""
        return self._run(argv) or None

    def _find(self, tool: str) -> str | None:
        return shutil.which(tool, path=self._environ.get("PATH", ""))

    def _ran(self, argv: tuple[str, ...], content: bytes) -> bool:
        """Run a tool with that on its standard input; whether it did what it should."""
        program = self._find(argv[0])
        if program is None:
            return False
        with suppress(OSError, subprocess.SubprocessError):
            done = subprocess.run(
                [program, *argv[1:]],
                input=content,
                stdout=subprocess.DEVNULL,  # a tool that stays to serve the clipboard would hold a pipe open
                stderr=subprocess.DEVNULL,
                env=dict(self._environ),
                timeout=_PATIENCE,
                check=False,
            )
            return done.returncode == 0
        return False

    def _run(self, argv: tuple[str, ...]) -> bytes:
        """What a tool prints; nothing when it fails."""
        program = self._find(argv[0])
        if program is None:
            return b""
        with suppress(OSError, subprocess.SubprocessError):
            done = subprocess.run(
                [program, *argv[1:]],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env=dict(self._environ),
                timeout=_PATIENCE,
                check=False,
            )
            return done.stdout if done.returncode == 0 else b""
        return b""


def _way_of(tool: str) -> Way:
    return {"wl-copy": Way.WL_COPY, "xclip": Way.XCLIP, "pbcopy": Way.PBCOPY}[tool]


def _digest(nonce: bytes, content: bytes) -> bytes:
    return hashlib.blake2b(content, key=nonce).digest()
