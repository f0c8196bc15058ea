"""The walk-through that the pictures come from: the whole story at a real terminal, and what is drawn of it."""

import re
import subprocess
import sys

import pyte
import pytest

from screenshots.picture import HIGH, MONO, WIDE, svg
from screenshots.walk import Walk
from tests.parts.need import missing
from tests.parts.terminal import ROOT, terminal

pytestmark = pytest.mark.pty
SHOWN = {file.stem for file in (ROOT / "screenshots").glob("*.png")}


@pytest.fixture(autouse=True)
def _font():
    if not MONO.exists():
        missing("fonts-dejavu-core is not installed")


def test_the_story_from_first_run_to_rotation_to_undo_is_walked_and_drawn(tmp_path):
    """In the demo each step looks at the first line: EMULATOR, and READ-ONLY or WRITE, on every screen."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "screenshots.walk", str(pictures), str(tmp_path / "ana")],
        cwd=ROOT, capture_output=True, text=True, timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert {file.stem for file in pictures.iterdir()} == SHOWN, "those of the repository are of another walk"
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in pictures.iterdir())
    assert not (tmp_path / "ana").exists()


def test_the_readme_shows_pictures_that_the_walk_takes():
    named = re.findall(r"\]\(screenshots/([^)]*)\.png\)", (ROOT / "README.md").read_text("utf-8"))
    assert named
    assert set(named) <= SHOWN


def test_a_first_line_that_says_the_wrong_thing_ends_the_walk(tmp_path):
    code = "import sys; print('keyward  EMULATOR  WRITE'); sys.stdin.readline()"
    with terminal(["-c", code], tmp_path, columns=40, lines=8) as term:
        assert "EMULATOR" in Walk(term, tmp_path, {"EMULATOR", "WRITE"}, {"READ-ONLY"}).sees("keyward")
        for head, never in (({"EMULATOR", "READ-ONLY"}, set()), ({"EMULATOR"}, {"WRITE"})):
            with pytest.raises(AssertionError, match="The first line has not"):
                Walk(term, tmp_path, head, never).sees("keyward")


def drawn(text):
    """The SVG of a small screen on which this was written."""
    screen = pyte.Screen(10, 3)
    pyte.Stream(screen).feed(text)
    return svg(screen, "title")


def test_letters_have_their_place_colour_and_weight():
    found = re.findall(r'<text x="(\d+)" y="\d+" fill="(#\w+)"([^>]*)>([^<]*)</text>', drawn(
        "a\x1b[38;2;10;20;30mbc \x1b[1md\x1b[0;3m<&"))  # fmt: skip
    assert found == [
        ("0", "#e0e0e0", "", "a"),
        (str(WIDE), "#0a141e", "", "bc"),
        (str(4 * WIDE), "#0a141e", ' font-weight="bold"', "d"),
        (str(5 * WIDE), "#e0e0e0", ' font-style="oblique"', "&lt;&amp;"),
    ]


def rectangles(picture):
    """(left, top, width, height, colour) of each, without frame and ground."""
    inside = picture.partition("<g transform")[2].partition("/>")[2]
    found = re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)" fill="(#\w+)"', inside)
    return [(*map(float, numbers), colour) for *numbers, colour in found]


@pytest.mark.parametrize(
    ("text", "rectangle"),
    [
        ("\r\n \x1b[48;2;1;2;3mab", (WIDE, HIGH, 2 * WIDE, HIGH, "#010203")),
        ("\x1b[38;2;1;2;3;7m  ", (0, 0, 2 * WIDE, HIGH, "#010203")),
        ("\x1b[38;2;1;2;3m \x1b[4m ", (WIDE, 20, WIDE, 2, "#010203")),
        ("\x1b[38;2;1;2;3m█", (0, 0, WIDE, HIGH, "#010203")),
        ("\x1b[38;2;1;2;3m▂", (0, HIGH * 3 / 4, WIDE, HIGH / 4, "#010203")),
        ("\x1b[38;2;1;2;3m▎", (0, 0, WIDE / 4, HIGH, "#010203")),
        ("\x1b[38;2;1;2;3m▕", (WIDE * 7 / 8, 0, WIDE / 8, HIGH, "#010203")),
    ],
    ids=["ground", "reversed", "underlined", "full", "low", "left", "right"],
)
def test_grounds_lines_and_blocks_fill_their_cells(text, rectangle):
    assert rectangles(drawn(text)) == [rectangle]


def test_what_the_font_has_not_or_only_a_terminal_knows_is_refused():
    with pytest.raises(ValueError, match=r"has no '\\u4e00'"):
        drawn("\N{CJK UNIFIED IDEOGRAPH-4E00}")
    with pytest.raises(ValueError, match="'red' is no colour"):
        drawn("\x1b[31mx")
