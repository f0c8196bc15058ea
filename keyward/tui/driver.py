"""The terminal as the app reads and writes it: what is no key is passed over, a paste is text, a terminal that is gone is let go.

Textual's own reader ends the app at the first byte that is no UTF-8, takes what stands behind an escape character in a paste for keys, and
reads for ever from a terminal that was closed.
"""

import asyncio
import os
import signal
from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from selectors import EVENT_READ, SelectSelector
from typing import IO, Any

from textual._xterm_parser import BRACKETED_PASTE_END, BRACKETED_PASTE_START, XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Paste, Resize
from textual.geometry import Size
from textual.message import Message

from keyward.model.text import REPLACEMENT, clean_lines

_AT_ONCE = 4_096
_OFTEN = 0.1
"""Seconds between two looks at whether the app ends."""
_ESC = "\x1b"


class Typed:
    """What is typed, character by character, without escape characters inside a paste."""

    def __init__(self) -> None:
        self._pasting = False
        self._mark = ""

    def feed(self, text: str) -> Iterator[str]:
        """The characters of this piece; what may be the end of a paste waits for the next piece."""
        for character in text:
            yield from self._pasted(character) if self._pasting else self._keyed(character)

    def _keyed(self, character: str) -> Iterator[str]:
        self._mark += character
        if not BRACKETED_PASTE_START.startswith(self._mark):
            self._mark = _ESC if character == _ESC else ""
        yield character
        if self._mark == BRACKETED_PASTE_START:
            self._pasting, self._mark = True, ""

    def _pasted(self, character: str) -> Iterator[str]:
        if not BRACKETED_PASTE_END.startswith(self._mark + character):
            yield from self._mark.replace(_ESC, REPLACEMENT)
            self._mark = ""
        if character == _ESC or self._mark:
            self._mark += character
        else:
            yield character
        if self._mark == BRACKETED_PASTE_END:
            yield from self._mark
            self._pasting, self._mark = False, ""


class _Outlet:
    """A file for text that goes nowhere once nobody takes it any more."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, text: str) -> None:
        with self._or_nowhere():
            self._file.write(text)

    def flush(self) -> None:
        with self._or_nowhere():
            self._file.flush()

    def fileno(self) -> int:
        return self._file.fileno()

    @contextmanager
    def _or_nowhere(self) -> Iterator[None]:
        try:
            yield
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._file.fileno())  # what is still in its buffer would be an error when the process ends
            os.close(nowhere)


class Terminal(LinuxDriver):
    """The terminal of this process. One that is gone is as if it had hung up: the process gets SIGHUP."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._file: Any = _Outlet(self._file)

    def start_application_mode(self) -> None:
        """Take the terminal.

        Textual reads the size inside the handler of the signal that tells of another one. A second signal interrupts the first one's handler,
        and where that had read already, the older size is told last and stays. The size is read by the loop instead, after the last signal.
        """
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual's has no annotations
        loop = asyncio.get_running_loop()
        signal.signal(signal.SIGWINCH, lambda *_: loop.call_soon_threadsafe(self._tell_size))

    def _tell_size(self) -> None:
        if not self._in_band_window_resize:
            size = Size(*self._get_terminal_size())
            self._app.post_message(Resize(size, size))

    def stop_application_mode(self) -> None:
        """Give the terminal back; what was on the screen is wiped first, because some terminals keep it."""
        self.write("\x1b[2J")
        super().stop_application_mode()

    def _sigtstp_application(self, *_: Any) -> None:
        """Told to rest, by the key or by somebody else: values go from the screen first."""
        self._app.app_suspend_signal.publish(self._app)
        super()._sigtstp_application()

    def _run_input_thread(self) -> None:
        try:
            self.run_input_thread()
        except Exception as error:  # noqa: BLE001  # it ends the app, in the app's own thread and words
            self._app.call_later(self._app._handle_exception, error)  # noqa: SLF001  # Textual has no public way

    def run_input_thread(self) -> None:
        """Read what is typed until the app ends."""
        decode = getincrementaldecoder("utf-8")("replace").decode
        typed, self._parser = Typed(), XTermParser()
        with SelectSelector() as selector:
            selector.register(self.fileno, EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(_OFTEN):
                    data = _read(self.fileno)
                    if not data:
                        os.kill(os.getpid(), signal.SIGHUP)
                        return
                    for character in typed.feed(decode(data)):
                        self._take(character)
                self._tell(self._parser.tick())

    def _take(self, character: str) -> None:
        try:
            self._tell(self._parser.feed(character))
        except (ValueError, OverflowError):  # a sequence with numbers that make no sense
            self._parser = XTermParser()

    def _tell(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self.process_message(message)

    def process_message(self, message: Message) -> None:
        """Hand it to the app; what was pasted has no character that is an order to a terminal."""
        if isinstance(message, Paste):
            message.text = clean_lines(message.text.replace("\r", "\n"), len(message.text))
        super().process_message(message)


def _read(terminal: int) -> bytes:
    """What was typed; nothing when the terminal is gone."""
    with suppress(OSError):
        return os.read(terminal, _AT_ONCE)
    return b""
