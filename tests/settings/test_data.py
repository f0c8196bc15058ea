"""Settings about data handling: only the user's own file says where the user is, vouches, or states something about a provider."""

from datetime import date

import pytest

from keyward.model.errors import NotAllowed, SettingsError
from keyward.settings import load

ATTEST = '[[data.attest]]\nprovider = "openai"\ntopic = "training"\nby = "ada"\nuntil = 2027-01-31\n'
STATEMENT = (
    '[[data.statement]]\nprovider = "gemini"\nid = "own"\ntopic = "kept"\nanswer = "yes"\nsaid = "Kept."\n'
    "checked = 2026-11-01\ndays = 0\n"
)


def _load(tmp_path, text, folder=None):
    file = tmp_path / "keyward.toml"
    file.write_text(text)
    file.chmod(0o600)
    return load(file=file, explicit=True, environ={}, folder=folder)


def test_the_region_and_both_lists_are_read(tmp_path):
    loaded = _load(tmp_path, f'[data]\nregion = "eea"\n\n{ATTEST}\n{STATEMENT}')
    settings = loaded.settings
    assert settings.data.region == "eea"
    (one,) = settings.attestations
    assert (one.provider, one.topic, one.by, one.until, one.match) == (
        "openai", "training", "ada", date(2027, 1, 31), "*",
    )  # fmt: skip
    (own,) = settings.statements
    assert (own.provider, own.id, own.days, own.tiers) == ("gemini", "own", 0, ())
    assert str(loaded.origin("data.attest")).endswith("keyward.toml:4")
    assert str(loaded.origin("data.region")).endswith("keyward.toml:2")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[data]\nregion = "eu"\n', 2, "eea"),
        ("[data]\nregions = 1\n", 2, "no setting 'regions'"),
        (ATTEST.replace("openai", "opnai"), 2, "Did you mean openai"),
        (ATTEST.replace("training", "trainign"), 3, "improvement, training"),
        (ATTEST.replace('by = "ada"\n', ""), 1, "by is missing"),
        (ATTEST.replace("2027-01-31", '"soon"'), 5, "2027-01-31"),
        (STATEMENT.replace('"yes"', '"maybe"'), 5, "yes, no, limited, unknown"),
        (STATEMENT.replace("days = 0", "days = -1"), 8, "number of days"),
        (STATEMENT + 'source = "http://acme.example"\n', 9, "https"),
        (STATEMENT + 'where = "https://me@acme.example"\n', 9, "https"),
    ],
)
def test_what_is_wrong_names_its_line(tmp_path, text, line, said):
    with pytest.raises(SettingsError) as caught:
        _load(tmp_path, text)
    assert f":{line}" in str(caught.value)
    assert said in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("text", ['[data]\nregion = "eea"\n', ATTEST, STATEMENT])
def test_a_working_folder_vouches_for_nothing(tmp_path, text):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "keyward.toml").write_text(text)
    (folder / "keyward.toml").chmod(0o600)
    with pytest.raises(NotAllowed, match="working folder"):
        _load(tmp_path, "", folder)
