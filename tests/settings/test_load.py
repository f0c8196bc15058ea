import os
from datetime import timedelta
from pathlib import Path

import pytest

from keyward.model.errors import Exit, NotAllowed, SettingsError
from keyward.settings import load
from keyward.settings.lists import EnvFolder
from keyward.settings.values import duration, show_duration


def _file(folder: Path, text: str, name: str = "keyward.toml") -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(text)
    file.chmod(0o600)
    return file


def _load(file, environ=None, folder=None):
    return load(file=file, explicit=True, environ=environ or {}, folder=folder)


def test_a_missing_file_means_defaults_unless_it_was_named(tmp_path):
    loaded = load(file=tmp_path / "none.toml", explicit=False, environ={})
    assert loaded.settings.rotation.quiet is None
    assert str(loaded.origin("rotation.quiet")) == "default"
    with pytest.raises(SettingsError, match=r"none\.toml"):
        load(file=tmp_path / "none.toml", explicit=True, environ={})


def test_every_value_knows_its_file_and_line(tmp_path):
    file = _file(
        tmp_path, '[scan]\nprojects = ["acme-*"]\n\n[rotation]\ngrace = "36h"\n\n[[env]]\npath = "/srv/work"\n'
    )
    loaded = _load(file)
    assert loaded.settings.scan.projects == ("acme-*",)
    assert loaded.settings.rotation.grace == timedelta(hours=36)
    assert loaded.settings.env == (EnvFolder(Path("/srv/work"), 4),)
    assert str(loaded.origin("rotation.grace")) == f"file {file}:5"
    assert str(loaded.origin("env")) == f"file {file}:7"


def test_the_environment_wins_and_says_so(tmp_path):
    file = _file(tmp_path, '[rotation]\ngrace = "36h"\n')
    loaded = _load(file, {"KEYWARD_ROTATION_GRACE": "5m", "KEYWARD_SCAN_PROJECTS": "a, b"})
    assert loaded.settings.rotation.grace == timedelta(minutes=5)
    assert loaded.settings.scan.projects == ("a", "b")
    assert str(loaded.origin("rotation.grace")) == "environment KEYWARD_ROTATION_GRACE"


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        ("[scan\n", 1, "Nothing was read"),
        ('[scan]\nproject = ["a"]\n', 2, "projects"),
        ("\n[scna]\nprojects = []\n", 2, "scan"),
        ('[rotation]\n\ngrace = "soon"\n', 3, "both keys work"),
        ("[scan]\nworkers = 0\n", 2, "calls under way"),
        ('[rotation]\non_failure = "shrug"\n', 2, "failed unattended"),
        ('[[env]]\npath = "/x"\ndeep = 3\n', 3, "depth"),
        ("[[env]]\ndepth = 3\n", 1, ""),
        ('scan = "all"\n', 1, ""),
    ],
)
def test_what_is_wrong_names_file_line_and_the_nearest_right_name(tmp_path, text, line, hint):
    file = _file(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        _load(file)
    assert caught.value.exit_code is Exit.NOT_CONFIGURED
    assert f"{file}:{line}:" in caught.value.message
    assert hint in caught.value.hint


def test_bytes_that_are_no_text_are_no_traceback(tmp_path):
    file = tmp_path / "keyward.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="UTF-8"):
        _load(file)


def test_a_file_that_others_may_write_is_refused(tmp_path):
    file = _file(tmp_path, "")
    file.chmod(0o666)
    with pytest.raises(NotAllowed, match=str(file)):
        _load(file)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(tmp_path):
    file = _file(tmp_path, "")
    os.chown(file, 65534, -1)
    with pytest.raises(NotAllowed, match="another user"):
        _load(file)


def test_the_working_folder_may_filter_but_not_send_accept_or_execute(tmp_path):
    own = _file(tmp_path / "own", "")
    _file(tmp_path / "work", '[scan]\nprojects = ["a"]\n')
    assert _load(own, folder=tmp_path / "work").settings.scan.projects == ("a",)
    for text in (
        '[targets]\nallow = ["gsm:*"]\n',
        '[endpoints]\nallow = ["x"]\n',
        '[ledger]\nurl = "x"\n',
        '[[env]]\npath = "/"\n',
        '[scan]\nread_values = ["all"]\n',
    ):
        _file(tmp_path / "work", text)
        with pytest.raises(NotAllowed, match=r"keyward\.toml:[12]"):
            _load(own, folder=tmp_path / "work")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("5m", 300), ("24h", 86400), ("7d", 604800), ("2w", 1209600), ("1d12h", 129600), ("0s", 0)],
)
def test_durations_read_and_show(text, seconds):
    assert duration(text).total_seconds() == seconds
    assert duration(show_duration(duration(text))) == duration(text)


@pytest.mark.parametrize("text", ["", "5", "h", "5x", "5h!", "-5h", 5, None, True])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="not a duration"):
        duration(text)


ROBOT = "kw-read@acme-ops.iam.gserviceaccount.com"


def test_identities_for_google_stand_in_sections_of_their_own_and_in_a_list(tmp_path):
    file = tmp_path / "keyward.toml"
    file.write_text(
        f'[google]\nquota_project = "acme-ops"\n[google.read]\nimpersonate = "{ROBOT}"\n'
        f'[[google.identity]]\nmatch = "project:acme-*-prod"\nwrite = "{ROBOT}"\n'
    )
    file.chmod(0o600)
    loaded = load(file=file, explicit=True, environ={"KEYWARD_GOOGLE_WRITE_IMPERSONATE": ROBOT})
    assert loaded.settings.google.quota_project == "acme-ops"
    assert loaded.settings.google_read.impersonate == loaded.settings.google_write.impersonate == ROBOT
    assert [(one.match, one.read, one.write) for one in loaded.settings.identities] == [
        ("project:acme-*-prod", "", ROBOT)
    ]
    assert str(loaded.origin("google.read.impersonate")) == f"file {file}:4"
    assert str(loaded.origin("google.write.impersonate")) == "environment KEYWARD_GOOGLE_WRITE_IMPERSONATE"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[google.read]\nimpersonate = "me@example.com"', 2, "is not the e-mail of a service account"),
        ('[google]\nread = "x"', 2, "google.read must be a section"),
        ("[google.raed]\n", 1, "Did you mean read"),
        ('[google.read]\nimpersonat = "x"', 2, "Did you mean impersonate"),
        ('[[google.identity]]\nmatch = "kind:api-key"', 2, "does not say which projects"),
        (f'[[google.identity]]\nread = "{ROBOT}"', 1, "match is missing"),
    ],
)
def test_an_identity_that_cannot_be_meant_is_named_with_its_line(tmp_path, text, line, said):
    file = tmp_path / "keyward.toml"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(SettingsError) as caught:
        load(file=file, explicit=True, environ={})
    told = f"{caught.value} {caught.value.hint}"
    assert f"keyward.toml:{line}" in told
    assert said in told


@pytest.mark.parametrize(
    "text",
    [
        f'[google.write]\nimpersonate = "{ROBOT}"',
        f'[[google.identity]]\nmatch = "project:*"\nwrite = "{ROBOT}"',
        f'[google.read]\nimpersonate = "{ROBOT}"',
    ],
)
def test_a_working_folder_never_says_as_whom_google_is_asked(tmp_path, text):
    (tmp_path / "keyward.toml").write_text(text)
    (tmp_path / "keyward.toml").chmod(0o600)
    with pytest.raises(NotAllowed, match="may not set"):
        load(file=None, explicit=False, environ={}, folder=tmp_path)
