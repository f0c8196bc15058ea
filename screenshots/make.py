"""Makes the pictures of the README: the app on the sample organisation, with a fixed clock, seed and size.

    python screenshots/make.py [FOLDER]

Everything is real but the day: the emulator is started in a process of its own, scanned, and one key is rotated. The pictures are SVG
from the app itself, turned into PNG with the one font that has every glyph.
"""

import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import resvg_py

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from keyward.tui.app import KeywardApp
    from keyward.tui.feed import Seat

NOW = "2026-11-20T09:00:00Z"
SIZE = (160, 38)
FONTS = "/usr/share/fonts/truetype/dejavu"
PATIENCE = 60.0
_KEYS = {"/": "slash", ">": "greater_than_sign", " ": "space", ",": "comma", ":": "colon", "-": "minus"}
KEY = "Web shop assistant"


def main() -> int:
    """Make every picture; they are written to the folder named, or beside this file."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    with tempfile.TemporaryDirectory() as home, emulator(Path(home)) as environ:
        asyncio.run(pictures(environ, folder))
    return 0


@contextlib.contextmanager
def emulator(home: Path) -> Iterator[dict[str, str]]:
    """The emulator with its clock at `NOW`, and the environment that points at it."""
    argv = [sys.executable, "-m", "keyward.emulator", "--org=demo", "--seed=1", f"--now={NOW}", "--until-stdin-closes"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        exports = {name: value for name, value in os.environ.items() if not name.startswith(("KEYWARD_", "CLOUDSDK_"))}
        for line in process.stdout or ():
            name, _, value = line.removeprefix("export ").strip().partition("=")
            exports[name] = value
            if name == "SECRET_MANAGER_EMULATOR_HOST":
                break
        settings = home / "keyward.toml"
        key = json.dumps(str(home / "fingerprint.key"))  # a text of JSON is one of TOML
        settings.write_text(f'[scan]\nread_values = ["all"]\n[fingerprint]\nkey_file = {key}\n')
        settings.chmod(0o600)
        yield {
            **exports,
            "KEYWARD_HOME": str(home),
            "KEYWARD_CONFIG": str(settings),
        }
        if process.stdin is not None:
            process.stdin.close()
        process.wait(10)


async def pictures(environ: dict[str, str], folder: Path) -> None:
    """Walk through the app and take the pictures."""
    from keyward.tui.app import KeywardApp  # the environment stands first

    def seat(cancel: threading.Event) -> "Seat":
        from keyward.desk import Desk
        from keyward.tui.feed import Seat
        from keyward.wiring import Parts

        parts = Parts(environ=environ, cancel=cancel, interactive=True)
        return Seat(parts, Desk(parts))

    app = KeywardApp(seat, write=True)
    async with app.run_test(size=SIZE) as pilot:
        walk = Walk(app, pilot, folder)
        await walk.until("scanned just now")
        await walk.type("/", "age>90d project:acme-prod,acme-data-prod,acme-ops,acme-legacy,acme-stg")
        await walk.press("enter", "j", "j", "space", "j", "space", "k", "k", "k")
        walk.picture("inventory")
        await walk.press("u", "escape")
        await walk.type("/", KEY)
        await walk.press("enter", "j", "enter")
        await walk.until("Rotations")
        walk.picture("detail")
        await walk.press("r")
        await walk.until("to accept")
        await walk.press("j", "space")
        await walk.until("2 of 3 places")
        walk.picture("plan")
        await walk.press("asterisk")
        await walk.until("✓ ready")
        await walk.press("a")
        await pilot.pause(0.5)
        await walk.type("rotate 1 in production acme-prod")
        await walk.press("enter", "enter")
        await walk.until("rests until")
        walk.picture("rotation")


class Walk:
    """Keys pressed in the app, and what it shows."""

    def __init__(self, app: "KeywardApp", pilot: "Pilot[None]", folder: Path) -> None:
        self._app, self._pilot, self._folder = app, pilot, folder

    def svg(self) -> str:
        """What it shows now."""
        return self._app.export_screenshot(title="keyward")

    async def until(self, text: str) -> None:
        """Wait until it shows this text."""
        wanted = text.replace(" ", "\N{NO-BREAK SPACE}")
        for _ in range(round(PATIENCE / 0.1)):
            if wanted in re.sub(r"<[^>]*>", "", self.svg().replace("&#160;", "\N{NO-BREAK SPACE}")):
                break
            await self._pilot.pause(0.1)
        else:
            raise SystemExit(f"{text!r} did not appear")
        await self._pilot.pause(0.2)

    async def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            await self._pilot.press(key)
        await self._pilot.pause(0.3)

    async def type(self, *texts: str) -> None:
        """Type texts, letter by letter."""
        await self.press(*(_KEYS.get(letter, letter) for text in texts for letter in text))

    def picture(self, name: str) -> None:
        """Write one PNG."""
        path = self._folder / f"{name}.png"
        path.write_bytes(png(self.svg()))
        print(path)


def png(svg: str) -> bytes:
    """The picture, drawn with DejaVu only: other fonts lack glyphs or have other widths."""
    svg = re.sub(r"@font-face\s*\{.*?\}\s*(?=@font-face|\.)", "", svg, flags=re.DOTALL)
    svg = svg.replace("Fira Code, monospace", "DejaVu Sans Mono").replace(
        "font-family: arial", "font-family: DejaVu Sans"
    )
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, zoom=1.0, font_dirs=[FONTS], skip_system_fonts=True))


if __name__ == "__main__":
    raise SystemExit(main())
