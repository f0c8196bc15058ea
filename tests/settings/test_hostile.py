"""Settings that somebody else wrote, or that nobody meant."""

import random

import pytest

from keyward.model.detectors import DETECTORS
from keyward.model.errors import Exit, KeywardError, NotAllowed, SettingsError
from keyward.settings import load


def _file(folder, text):
    folder.mkdir(exist_ok=True)
    file = folder / "keyward.toml"
    file.write_text(text)
    file.chmod(0o600)
    return file


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 5_000,
        "[scan]\nworkers = " + "9" * 5_000,
        "[scan]\nworkers = 100000",
        'env = ["~/work"]',
        "env = [1]",
        '[[env]]\npath = "~nobody-of-that-name/x"\ndepth = -1',
        '[[env]]\npath = "a\\u0000b"',
        '[rotation]\ngrace = "99999999999d"',
        '[rotation]\ngrace = "' + "9" * 400 + 'd"',
        '[fingerprint]\nkey_file = "a\\u0000b"',
        '[targets]\nallow = ["gsm:a/\\u001b[31m*"]',
        "[scan]\nprojects = [[1]]",
        "scan = 3",
        '"\\u001b[31m" = 3',
    ],
)
def test_odd_settings_are_an_error_with_file_and_line(tmp_path, text):
    file = _file(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        load(file=file, explicit=True, environ={})
    assert str(caught.value).startswith(f"{file}:")
    assert "\x1b" not in str(caught.value)
    assert "\0" not in str(caught.value)
    assert len(str(caught.value)) < 1_000
    assert caught.value.exit_code is Exit.NOT_CONFIGURED


def test_a_user_that_does_not_exist_is_just_a_folder_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    loaded = load(file=_file(tmp_path, '[[env]]\npath = "~nobody-of-that-name/x"\n'), explicit=True, environ={})
    assert loaded.settings.env[0].path == tmp_path / "~nobody-of-that-name" / "x"


def test_a_file_name_is_shown_harmless(tmp_path):
    file = _file(tmp_path / "a\x1b[31m\nb", "[scna]\n")
    with pytest.raises(SettingsError) as caught:
        load(file=file, explicit=True, environ={})
    assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("KEYWARD_TARGETS_ALLOW", "*"),
        ("KEYWARD_ENDPOINTS_ALLOW", "evil.example"),
        ("KEYWARD_PLUGINS_ALLOW", "evil"),
        ("KEYWARD_SCAN_READ_VALUES", "all"),
        ("KEYWARD_KEYRING_SERVICES", "*"),
    ],
)
def test_no_variable_accepts_sends_runs_or_reads_values(tmp_path, variable, value):
    with pytest.raises(NotAllowed, match=variable) as caught:
        load(file=_file(tmp_path, ""), explicit=True, environ={variable: value})
    assert "keyward.toml" in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        '[targets]\nallow = ["*"]',
        '[endpoints]\nallow = ["evil.example"]',
        '[plugins]\nallow = ["evil"]',
        '[scan]\nread_values = ["all"]',
        '[keyring]\nservices = ["*"]',
        '[ledger]\nurl = "sqlite:////tmp/x"',
        '[fingerprint]\nkey_file = "/tmp/x"',
        '[production]\nmatch = "text:nothing"',
        '[rotation]\nquiet = "1s"',
        '[google]\nquota_project = "evil"',
        '[[env]]\npath = "/"',
    ],
)
def test_a_working_folder_sets_no_guard(tmp_path, text):
    _file(tmp_path / "cloned", text)
    with pytest.raises(NotAllowed):
        load(file=_file(tmp_path / "own", ""), explicit=True, environ={}, folder=tmp_path / "cloned")


def test_a_key_that_was_put_into_a_setting_is_not_repeated(tmp_path):
    value = next(one for one in DETECTORS if b"AIza" in one.shown).sample(random.SystemRandom()).decode()
    for text in (f'[rotation]\ngrace = "{value}"', f"[scan]\nworkers = ['{value}']", f"[scan]\nprojects = '{value}'"):
        with pytest.raises(KeywardError) as caught:
            load(file=_file(tmp_path, text), explicit=True, environ={})
        assert value[6:18] not in str(caught.value)
