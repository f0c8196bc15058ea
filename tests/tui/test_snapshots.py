"""Every screen in every state at three sizes, as text: what stands there and what of it stands out, compared with what a person looked at.

    pytest -m slow tests/tui/test_snapshots.py --snapshot-update

writes the files anew. The difference is the change to the app: it is looked at before it is kept. The comparison takes more than a minute of
a core and runs on demand: `pytest -m slow tests/tui/test_snapshots.py`.
"""

import importlib
import pkgutil
from pathlib import Path

import pytest
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from textual.screen import Screen

import keyward
from keyward.model.detectors import find
from keyward.tui import coverage, screens, widgets
from keyward.tui.palette import Palette
from keyward.tui.widgets.head import INCOMPLETE
from tests.parts.picture import picture
from tests.parts.stage import SIZES, stage, still
from tests.parts.states import USUAL, every

EVERY = every()
FILES = Path(__file__).parent / "__snapshots__" / "test_snapshots"


class Pictures(SingleFileSnapshotExtension):
    """A file for each screen, with all its states at all sizes."""

    _write_mode = WriteMode.TEXT
    file_extension = "txt"


async def seen(shown, name, state):
    """One state at each size, with what must be read there and what the top line must say."""
    async with stage(state.desk, world=shown.world, write=shown.write) as there:
        await state.open(there)
        for width, height in SIZES:
            await there.resize(width, height)
            await there.shows(*state.says)
            assert isinstance(there.app.screen, shown.screen), name
            looks = picture(there.app)
            top, missing = looks.partition("\n")[0], coverage.summary(there.app.sources, there.app.gaps)
            assert ("EMULATOR" in top) is (shown.world != "google"), name
            assert ("WRITE" if there.app.write else "READ-ONLY") in top, name
            assert missing in top or INCOMPLETE in top, (name, missing)
            yield f"━━━ {name} ━━━ {width}x{height} ━━━\n\n{looks}\n"


@pytest.mark.slow
@pytest.mark.parametrize("screen", EVERY)
async def test_every_state_looks_as_it_was_looked_at(screen, snapshot, monkeypatch):
    shown, found = EVERY[screen], []
    with still(monkeypatch):
        for name, state in shown.states.items():
            found += [looks async for looks in seen(shown, name, state)]
    assert "\n".join(found) == snapshot(extension_class=Pictures)


def screens_there_are():
    """Every screen and dialog of the app: its classes from which no other one is made, and Textual's list of commands."""
    for package in (screens, widgets):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    found, left = set(), [Screen]
    while left:
        below = [one for one in left.pop().__subclasses__() if not one.__subclasses__() or left.append(one)]
        found |= {one for one in below if one.__module__.startswith("keyward.tui.")}
    return found | {Palette}


def test_there_is_a_picture_of_every_screen_and_dialog():
    assert {shown.screen for shown in EVERY.values()} == screens_there_are()


@pytest.mark.parametrize("screen", EVERY)
def test_a_screen_is_shown_in_each_usual_state_or_says_why_it_has_none(screen):
    shown = EVERY[screen]
    assert set(USUAL) - set(shown.states) == set(shown.without)
    assert all(shown.without.values())


def test_there_are_no_files_of_screens_that_are_gone():
    assert {file.stem.partition("[")[2] for file in FILES.iterdir()} == {f"{name}]" for name in EVERY}


@pytest.mark.parametrize("screen", EVERY)
def test_no_picture_holds_what_could_be_a_key_or_changes_with_the_version_or_the_machine(screen):
    (file,) = FILES.glob(f"*[[]{screen}].txt")
    text = file.read_text()
    assert list(find(text.encode())) == []
    assert keyward.__version__ not in text
    assert str(Path.home()) not in text
    assert "/tmp" not in text  # noqa: S108  # looked for, not used
