"""A laptop without any cloud account: from nothing to the keys of a folder, in the app, within the first minute."""

import re

import pytest

from keyward.model.detectors import DETECTORS
from tests.parts.terminal import terminal

pytestmark = pytest.mark.pty
TAB, ENTER, SPACE = "\t", "\r", " "


def sample():
    """A made-up key of a kind that has a shape, and the name of the kind."""
    import random

    detector = next(one for one in DETECTORS if one.kind == "openai")
    return detector.sample(random.Random(5))


def test_a_folder_is_named_scanned_and_remembered(tmp_path):
    work = tmp_path / "work"
    (work / "shop").mkdir(parents=True)
    value = sample()
    value = value.decode() if isinstance(value, bytes) else value
    (work / "shop" / ".env").write_text(f"OPENAI_API_KEY={value}\nDEBUG=1\n")
    (work / "shop" / ".env").chmod(0o600)
    config = tmp_path / "keyward.toml"
    with terminal(
        ["-m", "keyward"], tmp_path, columns=140, lines=36, KEYWARD_CONFIG="", PYTHON_KEYRING_BACKEND="keyring.backends.fail.Keyring",
        XDG_CONFIG_HOME=str(tmp_path / "config"),
    ) as term:  # fmt: skip
        term.wait("Where should keyward look for keys?", "Folder")
        term.send(str(work))
        term.wait(str(work)[-30:])  # a long path scrolls in its field
        term.press(TAB, TAB, TAB)
        term.send(ENTER)
        screen = term.wait("1 keys", "openai", patience=60)
        assert re.search(r">=\d+[smh]", screen), "its age is at least what keyward knows"
        assert "1 of" not in screen
        term.press(ENTER)
        screen = term.wait("Places", "OPENAI_API_KEY")
        assert "nobody keeps a record" in screen or "not known" in screen
        term.send("q")
        assert term.end() == 0
        assert value.encode() not in term.raw
        assert value[8:20].encode() not in term.raw
    written = (tmp_path / "config" / "keyward" / "keyward.toml").read_text()
    assert str(work) in written
    assert "keyring" not in written
    assert not config.exists()


def test_later_changes_nothing(tmp_path):
    with terminal(["-m", "keyward"], tmp_path, KEYWARD_CONFIG="", XDG_CONFIG_HOME=str(tmp_path / "config")) as term:
        term.wait("Where should keyward look for keys?")
        term.press("\x1b")
        term.wait("Nothing was scanned yet.")
        term.send("q")
        assert term.end() == 0
    assert not (tmp_path / "config").exists()
