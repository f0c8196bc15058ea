"""What is found before anything is configured, what can be chosen of it, and the file that this makes."""

import stat
import tomllib
from dataclasses import replace

import pytest

from keyward.desk import Desk
from keyward.desk.beginning import proposal
from keyward.model.errors import NotAllowed
from keyward.wiring import Parts
from tests.model.shapes import sample

KEY = sample("openai", 9).decode()


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    for name in ("mine/app", "work", "src"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "mine" / "app" / ".env").write_text(f"OPENAI_API_KEY={KEY}\n")
    (tmp_path / "work" / ".env").write_text(f"OPENAI_API_KEY={KEY}\n")
    variables = {"KEYWARD_HOME": str(tmp_path / "state"), "XDG_CONFIG_HOME": str(tmp_path / "conf")}
    return Desk(Parts(environ={**variables, "HOME": str(tmp_path)}, interactive=False))


def test_folders_of_usual_names_are_offered_but_not_looked_into_and_not_proposed(desk, tmp_path):
    begun = desk.setup.look_here([tmp_path / "mine"])
    lines = {check.what: (check, choice) for check, choice in zip(begun.found, begun.choices, strict=True)}
    check, choice = lines[str(tmp_path / "mine")]
    assert (check.found, choice.wanted) == ("1 env or key file", True)
    for name in ("work", "src"):
        check, choice = lines[str(tmp_path / name)]
        assert (check.ready, check.found, choice.wanted) == ("unknown", "there; not looked into", False)
    assert tomllib.loads(begun.proposed) == {"env": [{"path": str(tmp_path / "mine")}]}
    assert KEY not in repr(begun)
    assert not (tmp_path / "conf").exists()
    assert not (tmp_path / "state").exists()


def test_what_is_chosen_is_what_is_written_with_a_comment_for_each(desk, tmp_path):
    begun = desk.setup.look_here([tmp_path / "mine"])
    chosen = [choice for choice in begun.choices if choice is not None]
    assert len(chosen) == 3
    text = proposal(chosen)
    assert [one["path"] for one in tomllib.loads(text)["env"]] == [choice.name for choice in chosen]
    assert text.startswith("#")
    assert all("#" in line for line in text.splitlines() if line.startswith("["))
    assert proposal([]) == "", "a file that says nothing is none"
    file = desk.setup.write_settings(replace(begun, proposed=text))
    assert file.read_text() == text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.path for one in desk.parts.settings.env] == [tmp_path / choice.name for choice in chosen]


def test_a_file_that_is_there_is_never_written_over_even_one_that_came_meanwhile(desk, tmp_path):
    begun = desk.setup.look_here([tmp_path / "mine"])
    begun.file.parent.mkdir(parents=True)
    begun.file.write_text("# mine\n")
    with pytest.raises(NotAllowed, match="not touched"):
        desk.setup.write_settings(begun)
    assert begun.file.read_text() == "# mine\n"
