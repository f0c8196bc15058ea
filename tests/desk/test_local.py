"""The first minute on a laptop: folders and keyring go into the user's own settings, and nothing else in there changes."""

import stat

import pytest

from keyward.desk import Desk
from keyward.model.errors import SettingsError, UsageError
from keyward.wiring import Parts


@pytest.fixture
def desk(tmp_path):
    parts = Parts(
        environ={"KEYWARD_HOME": str(tmp_path / "state"), "KEYWARD_CONFIG": str(tmp_path / "conf" / "keyward.toml")},
        interactive=False,
    )
    (tmp_path / "conf").mkdir(mode=0o700)
    (tmp_path / "work").mkdir()
    (tmp_path / "more").mkdir()
    (tmp_path / "conf" / "keyward.toml").touch(mode=0o600)
    return Desk(parts)


def test_folders_and_keyring_are_remembered_and_hold_at_once(desk, tmp_path):
    assert desk.parts.settings.env == ()
    file = desk.setup.remember_local([tmp_path / "work"], keyring=True)
    assert [one.path for one in desk.parts.settings.env] == [tmp_path / "work"]
    assert desk.parts.settings.keyring.services == ("*",)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    desk.setup.remember_local([tmp_path / "work", tmp_path / "more"], keyring=False)
    assert [one.path for one in desk.parts.settings.env] == [tmp_path / "work", tmp_path / "more"]
    assert desk.parts.settings.keyring.services == ("*",)


def test_what_the_user_wrote_stays(desk, tmp_path):
    file = desk.parts.paths.config_file
    text = '# mine\n[keyring]  # only these\nservices = ["acme"]\n\n[rotation]\ngrace = "1h"\n'
    file.write_text(text)
    desk.setup.remember_local([tmp_path / "work"], keyring=True)
    assert file.read_text().startswith(text)
    assert desk.parts.settings.keyring.services == ("acme",)


def test_a_file_that_cannot_be_read_stays_as_it_is(desk, tmp_path):
    file = desk.parts.paths.config_file
    file.write_text("[env\n")
    with pytest.raises(SettingsError, match=str(file)):
        desk.setup.remember_local([tmp_path / "work"], keyring=True)
    assert file.read_text() == "[env\n"


def test_a_folder_that_is_not_there_is_refused(desk, tmp_path):
    with pytest.raises(UsageError, match="nowhere"):
        desk.setup.remember_local([tmp_path / "nowhere"], keyring=False)
    assert desk.parts.paths.config_file.read_text() == ""
