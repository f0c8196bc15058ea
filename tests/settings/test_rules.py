"""Settings of unattended runs: rules, blackouts, who is told."""

import json
from datetime import timedelta

import pytest

from keyward.model.errors import NotAllowed, SettingsError
from keyward.settings import load
from keyward.settings.lists import RotationRule


def _load(tmp_path, text, folder=None):
    file = tmp_path / "keyward.toml"
    file.write_text(text)
    file.chmod(0o600)
    return load(file=file, explicit=True, environ={}, folder=folder)


def test_rules_keep_their_order_beside_the_section(tmp_path):
    loaded = _load(
        tmp_path,
        '[rotation]\ngrace = "1h"\nblackout = ["Sat/Sun Europe/Berlin"]\n\n[[rotation.rule]]\nmatch = "project:prod kind:api-key"\n'
        'max_age = "30d"\nretire = "never"\nquiet = "2d"\n\n[[rotation.rule]]\nmatch = "project:*"\nmax_age = "90d"\n',
    )
    settings = loaded.settings
    assert settings.rotation.grace == timedelta(hours=1)
    assert settings.rotation.blackout == ("Sat/Sun Europe/Berlin",)
    assert settings.rules == (
        RotationRule("project:prod kind:api-key", timedelta(days=30), quiet=timedelta(days=2), retire="never"),
        RotationRule("project:*", timedelta(days=90)),
    )
    assert str(loaded.origin("rotation.rule")).endswith("keyward.toml:5")


RULE = '[[rotation.rule]]\nmatch = "project:a"\nmax_age = "1d"\n\n[[rotation.rule]]\n'


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (RULE + 'match = "name:billing"\nmax_age = "1d"\n', 6, "display name"),
        (RULE + 'max_age = "1d"\nmatch = "project:a billing"\n', 7, "text without a field"),
        (RULE + 'match = "!name:x"\nmax_age = "1d"\n', 6, "display name"),
        (RULE + 'match = "projct:a"\nmax_age = "1d"\n', 6, "no field"),
        (RULE + 'match = ""\nmax_age = "1d"\n', 6, "every key"),
        (RULE + 'match = "project:a"\n', 5, "max_age is missing"),
        (RULE + 'match = "project:a"\nmax_age = "soon"\n', 7, "not a duration"),
        (RULE + 'match = "project:a"\nmax_age = "1d"\nretire = "now"\n', 8, "auto, never"),
        (RULE + 'match = "project:a"\nmaxage = "1d"\n', 7, "no setting 'maxage'"),
        ('[rotation]\nrule = "x"\n', 2, "list of tables"),
        ('[rotation]\nblackout = ["Fri"]\njitter = "1x"\n', 3, "not a duration"),
        ('[rotation]\nblackout = ["someday"]\n', 2, "not a range"),
        ('[notify]\ndaily_at = "9"\n', 2, "time of day"),
        ('[notify]\nheartbeat = "http://example.com/x"\n', 2, "https"),
        ('[notify]\non = ["finnished"]\n', 2, "finished"),
    ],
)
def test_what_is_wrong_names_its_line(tmp_path, text, line, said):
    with pytest.raises(SettingsError) as caught:
        _load(tmp_path, text)
    assert f"keyward.toml:{line}:" in caught.value.message
    assert said in str(caught.value)


def test_a_working_folder_sets_no_rule_and_lifts_no_blackout(tmp_path):
    own, work = tmp_path / "own", tmp_path / "work"
    own.mkdir()
    work.mkdir()
    for text in (
        RULE + 'match = "project:b"\nmax_age = "1d"\n',
        "[rotation]\nblackout = []\n",
        '[notify]\nurls = ["json://x"]\n',
    ):
        (work / "keyward.toml").write_text(text)
        with pytest.raises(NotAllowed, match="working folder"):
            _load(own, "", folder=work)


@pytest.mark.parametrize("name", ["urls", "heartbeat"])
def test_an_address_with_a_token_is_never_repeated(tmp_path, name):
    token = "T" + "0k3n" * 8
    for value in (f"nonsense {token}", f"ftp://{token}.example/\u0007", f"https://[{token}/"):
        written = json.dumps([value] if name == "urls" else value)
        try:
            _load(tmp_path, f"[notify]\n{name} = {written}\n")
        except SettingsError as error:
            assert token not in str(error)  # noqa: PT017  # that it is refused is not the point
