"""Bad input: a sentence that names what is wrong and what to do, the right exit code, nothing changed, never a traceback."""

import os
import sqlite3
import stat

import pytest

from tests.cli.conftest import changes_in, files_of, ledger_rows
from tests.parts.mounts import fill, small_disk
from tests.parts.scene import Scene
from tests.parts.secret_service import running

YES = ("--accept-targets", "--grace", "0s", "--yes", "--reason", "trial")


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """A scanned world with a few keys, which no test here changes."""
    with Scene(tmp_path_factory.mktemp("bad") / "scene") as scene:
        scene.settings()
        scene.keys = [scene.key("one"), scene.key("twin"), scene.key("twin", project="acme-other")]
        scene.env(".env", f"A={scene.keys[0].key_string}\n")
        done = scene.keyward("scan", scene.work, "--values", "all")
        assert done.status == 0, done.err
        yield scene


def refused(done, status, *said):
    """It ended with that status and said these words, plainly."""
    assert done.status == status, done.out + done.err
    assert "Traceback" not in done.err
    for words in said:
        assert words in done.err, done.err
    assert done.err.strip()


def test_toml_that_is_broken(known, tmp_path):
    file = tmp_path / "keyward.toml"
    file.write_text('[scan]\nprojects = ["acme-*"\nworkers = 3\n')
    file.chmod(0o600)
    refused(known.keyward("list", KEYWARD_CONFIG=str(file)), 4, f"{file}:3", "not TOML")
    refused(known.keyward("--config", file, "config", "validate"), 4, str(file))


def test_a_setting_that_does_not_exist(known, tmp_path):
    file = tmp_path / "keyward.toml"
    file.write_text('[scan]\n\nproject = ["acme-*"]\n')
    file.chmod(0o600)
    refused(known.keyward("scan", KEYWARD_CONFIG=str(file)), 4, f"{file}:3", "Did you mean projects?")


def test_a_settings_file_that_others_can_write(known, tmp_path):
    file = tmp_path / "keyward.toml"
    file.write_text("")
    file.chmod(0o666)
    refused(known.keyward("scan", KEYWARD_CONFIG=str(file)), 4, str(file), "chmod 600")


def test_a_key_that_nobody_knows(known):
    refused(known.keyward("show", "google-api-keys:acme-prod/nobody"), 2, "google-api-keys:acme-prod/nobody")
    refused(known.keyward("rotate", "google-api-keys:acme-prod/nobody", *YES), 2, "nobody")
    refused(known.keyward("verify", "nobody"), 2, "nobody")


def test_a_name_or_prefix_that_several_keys_have(known):
    refused(known.keyward("show", "twin"), 2, "could be 2 keys", known.key_id(known.keys[1]))
    refused(known.keyward("show", "google-api-keys:acme"), 2, "could be 3 keys")


def test_an_abbreviation_without_a_terminal_is_no_order_to_write(known):
    full = known.key_id(known.keys[0])
    refused(known.keyward("rotate", "one", *YES), 2, "full id", full)
    refused(known.keyward("rotate", full[:-4], *YES), 2, "full id", full)


def test_a_query_that_cannot_be_read(known):
    refused(known.keyward("list", "age>90x"), 2, "column 5")
    refused(known.keyward("list", "projekt:acme"), 2, "column 1", "project")


def test_words_that_are_no_places_or_durations(known):
    full = known.key_id(known.keys[0])
    refused(known.keyward("rotate", full, *YES[1:], "--accept-target", "somewhere"), 2, "somewhere")
    refused(known.keyward("rotate", full, "--grace", "soon"), 2, "soon")
    refused(known.keyward("rotate", full, "--timeout", "5m", *YES), 2, "--wait")
    refused(known.keyward("rotate", full, "--wait=tomorrow"), 2, "tomorrow")
    refused(known.keyward("scan", known.work / "nowhere"), 2, "nowhere")
    refused(known.keyward("scan", "--values", "everything"), 2, "everything")


def test_no_terminal_and_no_yes(known):
    before, rows, seen = files_of(known.work), ledger_rows(known), len(known.log())
    done = known.keyward("rotate", known.key_id(known.keys[0]), "--accept-targets")
    refused(done, 2, "--dry-run", "--yes")
    refused(known.keyward("rotate", known.key_id(known.keys[0])), 6, "--accept-target")
    refused(
        known.keyward("rotate", known.key_id(known.keys[0]), "--accept-targets", "--retire", "now", "--yes"),
        2,
        "--reason",
    )
    refused(known.keyward(), 2, "no terminal")
    assert (files_of(known.work), ledger_rows(known)) == (before, rows)
    assert changes_in(known.log()[seen:]) == []


def test_write_mode_where_no_app_opens(known):
    refused(known.keyward("--write", "list"), 2, "--write is for the app", "list")
    refused(known.keyward("demo", "--serve", "--write"), 2, "--serve opens no app")
    refused(known.keyward("--write", "demo", "--serve"), 2, "--serve opens no app")


@pytest.mark.parametrize("name", ["binary.env", ".env.unreadable"])
def test_an_env_file_that_cannot_be_read_is_named_and_counts_as_missing(known, tmp_path, name):
    folder = tmp_path / "more"
    folder.mkdir()
    (folder / ".env").write_text(f"B={known.keys[0].key_string}\n")
    bad = folder / name
    bad.write_bytes(b"A=\x00\xff\xfe" * 20)
    if name == ".env.unreadable":
        if os.geteuid() == 0:
            bad.unlink()
            bad.symlink_to(folder / "loop")
            (folder / "loop").symlink_to(bad)
        else:
            bad.chmod(0)
    before = files_of(folder) if name == "binary.env" else None
    done = known.keyward("scan", folder, "--local", "-o", "json")
    assert done.status in (0, 3), done.err
    assert "Traceback" not in done.err
    source = next(one for one in done.json["sources"] if one["id"] == f"env:{folder}")
    assert source["looked"] == 1
    assert source["not_looked"] >= 1 or name in (source["detail"] or "")
    assert before is None or files_of(folder) == before


def test_no_keyring_at_all(known):
    text = '[keyring]\nservices = ["*"]\n'
    file = known.home / "config" / "with-keyring.toml"
    file.write_text(text)
    file.chmod(0o600)
    done = known.keyward("scan", "--local", "-o", "json", KEYWARD_CONFIG=str(file))
    assert done.status == 3
    source = next(one for one in done.json["sources"] if one["id"].startswith("keyring:"))
    assert source["status"] == "unreachable"


def test_a_locked_keyring(known, tmp_path):
    file = known.home / "config" / "with-keyring.toml"
    file.write_text('[keyring]\nservices = ["*"]\n')
    file.chmod(0o600)
    with running(tmp_path / "ring", "one password"):
        pass
    with running(tmp_path / "ring", "another password") as service:
        done = known.keyward("scan", "--local", "-o", "json", KEYWARD_CONFIG=str(file), **service.environ)
    assert done.status == 3, done.err
    source = next(one for one in done.json["sources"] if one["id"].startswith("keyring:"))
    assert source["status"] == "denied"
    assert "locked" in source["detail"].lower()


def test_no_credentials(known, tmp_path):
    nothing = dict.fromkeys(known.emulator.environment(), "")
    home = {"KEYWARD_HOME": str(tmp_path / "state"), "NO_GCE_CHECK": "true"}
    refused(
        known.keyward("scan", "--project", "acme-prod", **nothing, **home), 4, "gcloud auth application-default login"
    )
    done = known.keyward("doctor", **nothing, **home)
    assert done.status == 4
    assert "gcloud auth application-default login" in done.out
    local = known.keyward("scan", known.work, **nothing, **home)
    assert local.status == 0, local.err
    assert "Google Cloud was not asked" in local.err
    listed = known.keyward("list", "-o", "json", **nothing, **home)
    assert [key["provider"] for key in listed.json["keys"]] == ["shape"]


def test_an_http_endpoint_elsewhere(known):
    elsewhere = {"CLOUDSDK_API_ENDPOINT_OVERRIDES_APIKEYS": "http://apikeys.example.com/"}
    refused(known.keyward("scan", **elsewhere), 4, "CLOUDSDK_API_ENDPOINT_OVERRIDES_APIKEYS", "apikeys.example.com")
    refused(known.keyward("rotate", known.key_id(known.keys[0]), *YES, **elsewhere), 4, "apikeys.example.com")


def test_a_secret_that_would_be_too_large(scene):
    key = scene.key()
    padding = "x" * (65_536 - len(key.key_string) - 3)
    scene.secret("app", f"A={key.key_string}\n{padding}"[:65_536])
    assert scene.keyward("scan", "--values", "all").status == 0
    before = scene.versions("app")
    done = scene.keyward("rotate", scene.key_id(key), *YES, "--wait=cut-over")
    assert "Traceback" not in done.err
    assert scene.versions("app")[0] == before[0]
    assert key.key_string in scene.live()


def test_a_ledger_of_another_world(known, tmp_path):
    with Scene(tmp_path / "other") as other:
        other.settings()
        elsewhere = {"KEYWARD_HOME": str(known.home / "state")}
        before = files_of(known.home / "state")
        for command in (("history",), ("list",), ("scan", other.work), ("resume",), ("status",)):
            refused(other.keyward(*command, **elsewhere), 4, "world")
        assert files_of(known.home / "state") == before


def test_a_ledger_that_is_damaged_is_never_overwritten(scene):
    key = scene.key()
    scene.env(".env", f"A={key.key_string}\n")
    assert scene.keyward("scan", scene.work).status == 0
    ledger = scene.home / "state" / "ledger.db"
    for damaged in (b"not a database at all" * 40, ledger.read_bytes()[:4096] + os.urandom(8192)):
        for beside in ledger.parent.glob("ledger.db-*"):
            beside.unlink()
        ledger.write_bytes(damaged)
        for command in (("rotate", scene.key_id(key), *YES), ("scan", scene.work), ("history",), ("resume",)):
            refused(scene.keyward(*command), 4, str(ledger))
            assert ledger.read_bytes() == damaged, command


def test_a_cache_that_is_damaged_is_made_anew(scene):
    scene.key("one")
    assert scene.keyward("scan").status == 0
    cache = scene.home / "state" / "cache" / "inventory.db"
    for beside in cache.parent.glob("inventory.db-*"):
        beside.unlink()
    cache.write_bytes(b"not a database at all" * 40)
    done = scene.keyward("list", "-o", "json")
    assert "damaged" in done.err
    assert "Traceback" not in done.err
    assert done.json["keys"] == []
    assert scene.keyward("scan").status == 0
    assert len(scene.keyward("list", "-o", "json").json["keys"]) == 1
    assert stat.S_IMODE(cache.stat().st_mode) == 0o600


def test_a_rotation_whose_cache_was_lost_still_knows_its_places(scene):
    key = scene.key()
    file = scene.env(".env", f"A={key.key_string}\n")
    assert scene.keyward("scan", scene.work, "--values", "all").status == 0
    (scene.home / "state" / "cache" / "inventory.db").unlink()
    done = scene.keyward("rotate", scene.key_id(key), *YES, "--wait=cut-over")
    assert done.status == 0, done.err
    assert key.key_string not in file.read_text()


def test_a_ledger_made_by_a_newer_keyward(scene):
    assert scene.keyward("scan", scene.work).status == 0
    with sqlite3.connect(scene.home / "state" / "ledger.db") as ledger:
        ledger.execute("UPDATE meta SET value = '999' WHERE name = 'schema'")
    ledger.close()
    refused(scene.keyward("history"), 4, "newer keyward")
    refused(scene.keyward("scan", scene.work), 4, "newer keyward")


def test_reading_commands_make_nothing(scene):
    for command in (("list",), ("history",), ("status",), ("doctor",), ("resume",), ("config", "show")):
        done = scene.keyward(*command)
        assert "Traceback" not in done.err
    assert not (scene.home / "state").exists() or not files_of(scene.home / "state")
    assert "Nothing to resume" in scene.keyward("resume").err
    assert scene.keyward("resume").status == 0


def test_a_full_disk_under_the_state_says_so_and_ends_without_a_trace(scene):
    key = scene.key()
    file = scene.env(".env", f"A={key.key_string}\n")
    state = scene.home / "small"
    state.mkdir(mode=0o700)
    with small_disk(state, "1m"):
        here = {"KEYWARD_HOME": str(state)}
        assert scene.keyward("scan", scene.work, "--values", "all", **here).status == 0
        fill(state)
        seen, before = len(scene.log()), file.read_bytes()
        done = scene.keyward("rotate", scene.key_id(key), *YES, **here)
        assert done.status in (1, 4), done.out + done.err
        assert "Traceback" not in done.err
        assert "full" in done.err or "room" in done.err, done.err
        assert changes_in(scene.log()[seen:]) == []
        assert file.read_bytes() == before
        again = scene.keyward("scan", scene.work, **here)
        assert "Traceback" not in again.err
        (state / "filler").unlink()
        done = scene.keyward("rotate", scene.key_id(key), *YES, "--wait=cut-over", **here)
        assert done.status == 0, done.err
        assert key.key_string not in file.read_text()


def test_a_full_disk_under_an_env_file_leaves_it_as_it_was(scene):
    key = scene.key()
    folder = scene.work / "disk"
    folder.mkdir(mode=0o700)
    with small_disk(folder, "64k"):
        file = scene.env("disk/.env", f"A={key.key_string}\n")
        assert scene.keyward("scan", folder, "--values", "all").status == 0
        fill(folder)
        done = scene.keyward("rotate", scene.key_id(key), *YES, "-o", "json")
        assert done.status in (1, 6), done.out + done.err
        assert "full" in done.json["rotations"][0]["why"]
        assert file.read_text() == f"A={key.key_string}\n"
        assert sorted(one.name for one in folder.iterdir()) == [".env", "filler"]
        assert key.key_string in scene.live()
