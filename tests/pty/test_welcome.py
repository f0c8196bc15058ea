"""A laptop without any cloud account: from nothing to the keys of a folder, in the app, within the first minute; or to the demo."""

import re
import socket
import stat
import termios
import time
import tomllib

import pytest

from keyward.model.detectors import DETECTORS
from tests.parts.terminal import terminal

pytestmark = pytest.mark.pty
TAB, ENTER = "\t", "\r"


def sample():
    """A made-up key of a kind that has a shape, and the name of the kind."""
    import random

    detector = next(one for one in DETECTORS if one.kind == "openai")
    return detector.sample(random.Random(5))


def planted(folder):
    """An env file with a key in that folder; gives the value."""
    (folder / "shop").mkdir(parents=True)
    value = sample()
    value = value.decode() if isinstance(value, bytes) else value
    (folder / "shop" / ".env").write_text(f"OPENAI_API_KEY={value}\nDEBUG=1\n")
    (folder / "shop" / ".env").chmod(0o600)
    return value


NO_KEYRING = {"KEYWARD_CONFIG": "", "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring", "NO_GCE_CHECK": "true"}


def test_what_is_found_is_agreed_to_written_and_scanned_without_any_account(tmp_path, monkeypatch):
    """The folder is the one in which the app was started."""
    value = planted(tmp_path / "mine")
    monkeypatch.chdir(tmp_path / "mine")
    written = tmp_path / "config" / "keyward" / "keyward.toml"
    with terminal(
        ["-m", "keyward"], tmp_path, columns=60, lines=16, XDG_CONFIG_HOME=str(tmp_path / "config"), **NO_KEYRING
    ) as term:  # fmt: skip
        term.wait("Found without reading a value", "[x] env", "none")
        assert not (tmp_path / "config").exists()
        term.send(ENTER + ENTER)  # typed ahead: the file is shown, and nothing agrees to it
        term.wait("Write and scan")
        assert not written.exists()
        term.settle(0.5)
        term.press(TAB)
        term.send(ENTER)
        screen = term.wait("1 key", "openai", patience=60)
        assert re.search(r">=\d+[smh]", screen), "its age is at least what keyward knows"
        term.press(ENTER)
        term.wait("shape:openai/")
        term.send("q")
        assert term.end() == 0
        assert value.encode() not in term.raw
        assert value[8:20].encode() not in term.raw
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert tomllib.loads(written.read_text())["env"] == [{"path": str(tmp_path / "mine")}]


def test_another_folder_is_named_scanned_and_remembered(tmp_path):
    value = planted(tmp_path / "work")
    with terminal(
        ["-m", "keyward"], tmp_path, columns=140, lines=36, XDG_CONFIG_HOME=str(tmp_path / "config"), **NO_KEYRING
    ) as term:  # fmt: skip
        term.wait("Found without reading a value")
        term.press("o")
        term.send(str(tmp_path / "work"))
        term.wait(str(tmp_path / "work")[-30:])  # a long path scrolls in its field
        term.press(TAB, TAB, TAB)
        term.send(ENTER)
        term.wait("1 key", "openai", patience=60)
        term.send("q")
        assert term.end() == 0
        assert value.encode() not in term.raw
    written = (tmp_path / "config" / "keyward" / "keyward.toml").read_text()
    assert str(tmp_path / "work") in written
    assert "keyring" not in written


def test_later_changes_nothing_and_d_opens_the_demo_in_place(tmp_path):
    with terminal(["-m", "keyward"], tmp_path, XDG_CONFIG_HOME=str(tmp_path / "config"), **NO_KEYRING) as term:
        term.wait("First run", "D Demo")
        term.press("\x1b")
        term.wait("Nothing was scanned yet.")
        assert not (tmp_path / "config").exists()
        term.send("q")
        assert term.end() == 0
    hostile = tmp_path / "here" / "keyward"
    hostile.mkdir(parents=True)
    (hostile / "__init__.py").write_text("raise SystemExit('taken from the working folder')\n")
    with terminal(
        ["-P", "-m", "keyward"], tmp_path, XDG_CONFIG_HOME=str(tmp_path / "config"), cwd=hostile.parent, **NO_KEYRING
    ) as term:  # fmt: skip
        term.wait("First run", "D Demo")
        term.send("D")
        term.wait("EMULATOR", "keys", patience=60)
        term.send("q")
        assert term.end() == 0
        assert b"taken from" not in term.raw
        assert termios.tcgetattr(term._fd)[3] == term.modes[3]


def test_a_network_that_never_answers_holds_nobody_up(tmp_path):
    """What is on this machine is shown at once, and q leaves although Google has not answered."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silence = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with terminal(
            ["-m", "keyward"], tmp_path, XDG_CONFIG_HOME=str(tmp_path / "config"), CLOUDSDK_AUTH_DISABLE_CREDENTIALS="1",
            CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER=silence, **NO_KEYRING,
        ) as term:  # fmt: skip
            term.wait("First run", "looking for credentials and projects", "keyring")
            silent.settimeout(30)
            asking, _ = silent.accept()
            term.press("j", "k")
            term.send("q")
            began = time.monotonic()
            assert term.end() == 0
            assert time.monotonic() - began < 15, "it waited for an answer; the question gives up after 20 seconds"
            asking.close()
