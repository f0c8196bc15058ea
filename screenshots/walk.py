"""The whole story at a real terminal: first run, local keys, the demo, a rotation, and its undo. It makes the pictures of the README.

    python -m screenshots.walk [FOLDER [HOME]]

Everything is real: the program as a person starts it, its terminal, the built-in cloud beside it. What has to be on the screen is waited
for; what does not come ends the walk with status 1 and shows the screen. The cloud's clock starts on a fixed day, and is moved where a
person would come back later. HOME, which must not exist, is the home folder of that person, and gone afterwards.
"""

import json
import random
import shutil
import socket
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keyward.model.detectors import BY_KIND
from keyward.tui.actions import Where
from keyward.tui.columns import PRESETS
from screenshots.picture import png
from tests.parts.terminal import PATIENCE, Terminal, environment

NOW = "2026-11-20T09:00:00Z"
SIZE = {"columns": 140, "lines": 36}
FILTER = "age>90d project:acme-prod,acme-data-prod,acme-ops,acme-legacy,acme-stg"
KEY, PROJECT = "Web shop assistant", "acme-prod"
MINUTE, DAY = 60, 86_400
TAB, ENTER, ESC, SPACE = "\t", "\r", "\x1b", " "
_LAG = 1.0
"""Seconds in which the first line may follow the rest of the screen."""
_DEAF = 0.5
"""Seconds after which a dialog hears what is typed; at first it does not."""
_KEYS = {"shop/.env": ("openai", "google-api-key"), "blog/.env.local": ("anthropic",)}
_NAMES = {"openai": "OPENAI_API_KEY", "google-api-key": "MAPS_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}


class Walk:
    """What a person does at one terminal, and what has to be seen there.

    Args:
        term: the terminal.
        folder: where the pictures go.
        head: the words that the first line has to have.
        never: words that it must not have.
    """

    def __init__(self, term: Terminal, folder: Path, head: set[str], never: set[str]) -> None:
        self._term, self._folder = term, folder
        self.head, self.never = head, never
        self.seen: set[Where] = set()

    def sees(self, *texts: str, on: Where | None = None) -> str:
        """Wait until these texts are there, and the first line says what it has to. `on` is the screen that this shows to be open."""
        screen: str = self._term.wait(*texts)
        until = time.monotonic() + _LAG
        while not self.head <= (words := set(screen.partition("\n")[0].split())) or words & self.never:
            if time.monotonic() > until:
                raise AssertionError(f"The first line has not {self.head} without {self.never}:\n{screen}")
            screen = self._term.settle(0.05)
        if on is not None:
            self.seen.add(on)
        return screen

    def loses(self, text: str) -> None:
        """Wait until this text is gone."""
        self._term.wait_gone(text)

    def press(self, key: str, *more: str) -> None:
        """Press keys, each after the one before has had its effect."""
        self._term.send(key)
        for one in more:
            self._term.settle()
            self._term.send(one)

    def back(self, *texts: str, gone: str = "") -> None:
        """Press Escape when all is painted, and see its effect: with the next key too close behind, the two are taken for another one."""
        self._term.settle()
        self.press(ESC)
        self._term.settle()
        if gone:
            self.loses(gone)
        self.sees(*texts)

    def types(self, text: str) -> None:
        """Type a text at once."""
        self._term.send(text)

    def waits(self) -> None:
        """Wait until a dialog hears what is typed."""
        self._term.settle(_DEAF)

    def agrees(self, phrase: str, *shown: str, picture: str = "") -> None:
        """Type the phrase that a dialog asks for; Enter moves on to the button, and Enter there does it."""
        self.sees(f"Type  {phrase}  to go on:", *shown)
        self.waits()
        self.types(phrase)
        self.sees(f"▊  {phrase} ", *shown)  # in the field, as it is in the question
        if picture:
            self.picture(picture)
        until = time.monotonic() + PATIENCE
        while f"Type  {phrase}" in self._term.settle() and time.monotonic() < until:
            self.press(ENTER)  # one that comes before the button has the focus is heard by the field, and does nothing
        self.loses(f"Type  {phrase}")

    def picture(self, name: str) -> None:
        """Take a picture of what is there."""
        self._term.settle()
        (self._folder / f"{name}.png").write_bytes(png(self._term.screen, "keyward"))
        print(name)

    def leaves(self) -> bytes:
        """Quit; gives all that reached the terminal."""
        self.press("q")
        if (status := self._term.end()) != 0:
            raise AssertionError(f"It ended with status {status}.")
        return bytes(self._term.raw)


@contextmanager
def at_terminal(home: Path, folder: Path, *arguments: str, **more: str) -> Iterator[Terminal]:
    """The program in a terminal of its own, started in that folder and killed at the end."""
    environ = environment(
        home, LOGNAME="ana", PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring", NO_GCE_CHECK="true", **more
    )
    term = Terminal([sys.executable, "-P", "-m", "keyward", *arguments], environ, cwd=folder, **SIZE)
    try:
        yield term
    finally:
        term.close()


# The story


def first_run(home: Path, folder: Path) -> set[Where]:
    """No account, no settings: what is here, the settings file that this makes, and the first keys."""
    work = home / "work"
    values = [value for file, kinds in _KEYS.items() for value in env_file(work / file, kinds)]
    with at_terminal(home, work, KEYWARD_CONFIG="", KEYWARD_HOME="") as term:
        walk = Walk(term, folder, {"READ-ONLY"}, {"WRITE", "EMULATOR"})
        walk.sees("Found without reading a value", "No Google credentials", "2 env and key files", on=Where.WELCOME)
        walk.press(ENTER)
        walk.sees("Write", "keyward.toml", "[[env]]", "no cloud is asked")
        walk.waits()
        walk.press(TAB)
        walk.picture("first-run")
        walk.press(ENTER)
        walk.sees("3 keys", "openai", "anthropic", "api-key")
        walk.press(ENTER)
        walk.sees("keyward swap shape:", ".env", on=Where.KEY)
        said = walk.leaves()
    if [value for value in values if value in said or value[8:24] in said]:
        raise AssertionError("A value reached the terminal.")
    return walk.seen


def env_file(file: Path, kinds: tuple[str, ...]) -> list[bytes]:
    """Write an env file with made-up keys of these kinds; gives them."""
    values = [BY_KIND[kind].sample(random.Random(kind)) for kind in kinds]  # noqa: S311  # nobody's
    file.parent.mkdir(parents=True)
    file.write_text("".join(f"{_NAMES[kind]}={value.decode()}\n" for kind, value in zip(kinds, values, strict=True)))
    file.chmod(0o600)
    return values


def demo(home: Path, folder: Path) -> set[Where]:
    """The sample organisation, from looking around to an undone rotation."""
    port = free_port()
    with at_terminal(home, home, "demo", "--seed", "1", "--now", NOW, "--port", str(port)) as term:
        walk = Walk(term, folder, {"EMULATOR", "READ-ONLY"}, {"WRITE"})
        look_around(walk)
        what_is_wrong(walk)
        a_checklist(walk)
        one_key(walk)
        plan(walk)
        rotate(walk, port)
        nine_days_later(walk, port)
        undo(walk, port)
        the_rest(walk)
        walk.leaves()
    return walk.seen


def look_around(walk: Walk) -> None:
    """Every key, what was not read, a filter, columns, marks."""
    walk.sees("122 keys", "4 sources denied", "scanned just now", on=Where.INVENTORY)
    walk.press("d")
    walk.sees("1 denied, 11 ok; 77 found", on=Where.COVERAGE)
    walk.back("LAST USE")
    walk.types(f"/{FILTER}")
    walk.sees(FILTER, "53 of 122")
    walk.press(ENTER)
    for preset in list(PRESETS)[1:]:
        walk.press("w")
        walk.sees(f"columns: {preset}")
    walk.press("w")
    walk.loses("columns:")
    walk.press("C")
    walk.sees("[x] NAME", "[ ] CREATED", on=Where.COLUMNS)
    walk.back("LAST USE", gone="[x] NAME")
    walk.press("j" * 7, SPACE, "jj", SPACE, "jj", SPACE, "k" * 4)
    walk.sees("3 marked", "Plan for 3 keys", "930d · made 2024-05-04", "PROD acme-prod", "not in 42d")
    walk.picture("inventory")
    walk.press("u")
    walk.loses("marked")
    walk.back("/ filter:", "122 ")


def what_is_wrong(walk: Walk) -> None:
    """What the rules find, one of them explained, and what providers do with what is sent."""
    walk.press("2")
    walk.sees("critical", "not known", "Key blocked by its provider", "KW-401", "sources seen", on=Where.FINDINGS)
    walk.picture("findings")
    walk.press("e")
    walk.sees("The rule", "why", "controls", "Or accept it, in your keyward.toml")
    walk.back("EVIDENCE", gone="The rule")
    walk.press("3")
    walk.sees("PROVIDER", "TRAINS", "Unpaid", "unverified", on=Where.PROVIDERS)
    walk.press("1")
    walk.sees("LAST USE", "122 keys")


def a_checklist(walk: Walk) -> None:
    """The lists, and one of them run for a project: item by item, nothing of it stated while the app is read-only."""
    walk.press("7")
    walk.sees("STATED", "Gemini in production", "any project", on=Where.CHECKLISTS)
    walk.types(f"/gemini-production{ENTER}")
    walk.sees("1 of ", "Enter asks which")
    walk.press(ENTER)
    walk.sees("for which project?", f"{PROJECT}")
    walk.waits()
    walk.types(PROJECT)
    walk.sees(f"▊  {PROJECT} ")
    walk.press(ENTER)
    walk.sees(f"Gemini in production · project:{PROJECT}", " done · ", "KW-401", "sources seen", on=Where.CHECKLIST)
    walk.press("n", "n")
    walk.sees("gcp.app-restricted", "what to do")
    walk.picture("checklist")
    walk.press("1")
    walk.sees("LAST USE", "122 keys")


def one_key(walk: Walk) -> None:
    """What is known of it, how it is used, where, what happened to it, and what is wrong with it."""
    walk.types(f"/{KEY} project:{PROJECT} state:active{ENTER}")
    walk.sees("1 of 122")
    walk.press(ENTER)
    walk.sees(KEY, "[Overview]", "53,717 in 42 days", "acme-ops/shared-ai", "none recorded", "PROD", on=Where.KEY)
    walk.picture("key")
    walk.press("u")
    walk.sees("[Usage]", "53,717 calls in 42 days", "? not counted", "cannot see")
    walk.picture("usage")
    walk.press("w")
    walk.sees("[Where used]", "acme-prod/web-gemini-api-key", "nobody is told")
    walk.press("t")
    walk.sees("[Timeline]", "last seen in use", "made")
    walk.press("f")
    walk.sees("[Findings]", "KW-101", "not known")


def plan(walk: Walk) -> None:
    """A plan is only looked at, until the places are accepted and somebody switches to write mode by a typed word."""
    walk.press("r")
    walk.sees("3 of 3 places hold the key and are not accepted", "a plan: nothing has been changed", on=Where.PLAN)
    walk.press("*")
    walk.sees("✓ ready, but this app is read-only: W switches to write mode")
    walk.picture("plan")
    walk.press("a")
    walk.sees("Apply: read-only: W switches to write mode.")
    walk.press("W")
    walk.agrees("write", "Switch to write mode")
    walk.head, walk.never = {"EMULATOR", "WRITE"}, {"READ-ONLY"}
    walk.sees("✓ ready: a asks for the phrase and applies it")


def rotate(walk: Walk, port: int) -> None:
    """The phrase, the steps while they happen, the requests, and a quit that is thought better of."""
    walk.press("a")
    walk.agrees(f"rotate 1 in production {PROJECT}", "PRODUCTION", "1 key, 3 places to write")
    walk.sees("◷ waits for provider", "the new key does not work yet", "of 11 steps", on=Where.ROTATION)
    walk.press("q")
    walk.sees("Leave?", "stays resumable")
    walk.back("of 11 steps", gone="Leave?")
    later(port, MINUTE)
    walk.sees("6 of 11 steps", "read back and equal", "overlap; rests until 2026-11-21 09:0")
    walk.press("L")
    walk.sees("METHOD", "AddSecretVersion", "OK")
    walk.loses("Apply: read-only")
    walk.picture("rotation")
    walk.press("4")
    walk.sees("audit chain intact", KEY, "overlap", "U at any time", on=Where.HISTORY)


def nine_days_later(walk: Walk, port: int) -> None:
    """The overlap is over and the old key quiet for a week: it is deleted, and probed until it is dead."""
    later(port, 9 * DAY)
    walk.press("R")
    walk.sees("retiring; rests until 2026-11-29 09:0", "every condition holds", "revoked")
    walk.back("retiring", "U until 29 Dec 2026")


def undo(walk: Walk, port: int) -> None:
    """The old key comes back, into every place, and the new one goes."""
    walk.press(ENTER)
    walk.sees("U undoes it, 29d left", "intent", "outcome", on=Where.RECORD)
    walk.press("U")
    last = walk.sees("Undo rotation", "Type  undo ", "to go on:").partition("Type  undo ")[2].partition(" ")[0]
    walk.agrees(f"undo {last} in production {PROJECT}", "29d left: until 2026-12-29", picture="undo")
    walk.sees("◷ waits for time", "every target holds the old key")
    later(port, 10 * MINUTE)
    walk.sees("aborted   elapsed", "delete the new key")
    walk.back("it was rolled back already")
    walk.back("was undone", "audit chain intact", "1 rotation, 0 open")


def the_rest(walk: Walk) -> None:
    """Doctor, settings, help, commands; and read-only again, at once."""
    walk.press("5")
    walk.sees("Doctor", "permissions in", on=Where.DOCTOR)
    walk.loses("still looking")
    walk.picture("doctor")
    walk.press("m")
    walk.sees("Nothing is wrong around rotations.", on=Where.MENDING)
    walk.press("6")
    walk.sees("Settings", "rotation.grace", on=Where.SETTINGS)
    walk.press("?")
    walk.sees("Keys: settings", "Keys: everywhere")
    walk.back("rotation.grace", gone="Keys: everywhere")
    walk.press(":")
    walk.sees("Search for commands", "settings.find")
    walk.back("rotation.grace", gone="Search for commands")
    walk.press("W")
    walk.head, walk.never = {"EMULATOR", "READ-ONLY"}, {"WRITE"}
    walk.sees("READ-ONLY")
    walk.press("1")
    walk.sees(KEY, "1 of 1")


# The cloud beside it


def free_port() -> int:
    """A port that is free at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def later(port: int, seconds: int) -> None:
    """Move the clock of the emulator at that port."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/emulator/v1/clock",
        json.dumps({"advance_seconds": seconds}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30):  # noqa: S310  # loopback
        pass


def main(arguments: list[str]) -> int:
    """Walk through it; a home folder of the same name each time makes the same pictures."""
    folder = Path(arguments[0]) if arguments else Path(__file__).parent
    home = Path(arguments[1]) if len(arguments) > 1 else Path(tempfile.gettempdir()) / "ana"
    began = time.monotonic()
    try:
        home.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        sys.stderr.write(f"{home} is there already, and would be removed afterwards: name another HOME.\n")
        return 1
    try:
        seen = first_run(home, folder) | demo(home, folder)
    except AssertionError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        shutil.rmtree(home)
    if missed := set(Where) - {Where.APP, Where.TABLE, Where.LIST} - seen:
        sys.stderr.write(f"Not walked through: {', '.join(sorted(missed))}\n")
        return 1
    print(f"{time.monotonic() - began:.0f} seconds")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
