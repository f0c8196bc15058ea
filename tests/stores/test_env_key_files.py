"""Service account key files beside env files: listed when they are keys, read as JSON, replaced as carefully as an env file."""

import json
import os

import pytest

from keyward.model.errors import Conflict, Refused, SourceError
from keyward.model.ids import SecretRef
from keyward.model.secret import Secret
from keyward.stores.env_files import EnvFiles
from keyward.stores.env_walk import could_be_key_file
from tests.contract.stores import a_ctx
from tests.model.shapes import sample

KEY = sample("google-sa-json", 1)


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "work"
    place.mkdir(mode=0o700)
    return place


def put(folder, name, data=KEY):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(0o600)
    return path


def listed(folder, depth=4, ignore=()):
    store = EnvFiles(folder.parent / "home", {folder: depth}, {folder: ignore})
    try:
        return [os.path.relpath(info.ref.name, folder) for info in store.list(str(folder), a_ctx())], None
    except SourceError as error:
        return [], error


def test_only_json_files_that_are_keys_are_listed(folder):
    put(folder, "creds/key.json")
    put(folder, "package.json", b'{"name": "x"}')
    put(folder, "user.json", b'{"type": "authorized_user", "refresh_token": "x"}')
    put(folder, "talk.json", b'{"about": "service_account", "private_key": 1}')
    put(folder, "broken.json", KEY[:-4])
    put(folder, "large.json", KEY[:-1] + b" " * 40_000 + b"}")
    put(folder, "key.txt")
    put(folder, "node_modules/key.json")
    put(folder, "key.json.keyward-01JABCDEFGHJKMNPQRSTVWXYZ0")
    (folder / "empty.json").touch()
    os.mkfifo(folder / "pipe.json")
    assert listed(folder) == (["creds/key.json"], None)
    assert not could_be_key_file("key.json.keyward-01JABCDEFGHJKMNPQRSTVWXYZ0")


def test_depth_holds_for_key_files_too(folder):
    put(folder, "a/b/key.json")
    assert listed(folder, depth=1) == ([], None)
    assert listed(folder, depth=2) == (["a/b/key.json"], None)


def test_the_file_that_an_env_file_names_is_listed_when_it_lies_in_the_folder(folder):
    put(folder, "deep/er/still/credentials")
    put(folder, "secrets/other.key")
    outside = put(folder.parent, "outside.json")
    put(folder, "a.env", b"GOOGLE_APPLICATION_CREDENTIALS=deep/er/still/credentials\n")
    put(folder, "b.env", f"export GOOGLE_APPLICATION_CREDENTIALS='{folder}/secrets/other.key'\n".encode())
    put(folder, "c.env", f"GOOGLE_APPLICATION_CREDENTIALS={outside}\n".encode())
    put(folder, "d.env", b"GOOGLE_APPLICATION_CREDENTIALS=../outside.json\n")
    put(
        folder,
        "odd.env",
        b"GOOGLE_APPLICATION_CREDENTIALS=a\0b\nGOOGLE_APPLICATION_CREDENTIALS=" + b"x" * 5_000 + b"\n",
    )
    put(folder, "e.env", b"GOOGLE_APPLICATION_CREDENTIALS=a.env\nOTHER=secrets/other.key\n")
    (folder / "link").symlink_to(folder.parent)
    put(folder, "f.env", b"GOOGLE_APPLICATION_CREDENTIALS=link/outside.json\n")
    found, error = listed(folder, depth=0)
    assert error is None
    assert found == [
        "a.env",
        "b.env",
        "c.env",
        "d.env",
        "e.env",
        "f.env",
        "odd.env",
        "deep/er/still/credentials",
        "secrets/other.key",
    ]


def test_nothing_is_listed_twice(folder):
    put(folder, "key.json")
    put(folder, ".env", b"GOOGLE_APPLICATION_CREDENTIALS=./key.json\n")
    assert listed(folder) == ([".env", "key.json"], None)


def test_a_key_file_is_json_and_an_env_file_is_not(folder):
    store = EnvFiles(folder.parent / "home", {folder: 4})
    put(folder, "key.json"), put(folder, "credentials"), put(folder, ".env", b"A='" + KEY + b"'\n")
    hints = {}
    for name in ("key.json", "credentials", ".env"):
        payload = store.read(SecretRef("env", (str(folder / name),), str(folder)), a_ctx())
        hints[name] = payload.hint
    assert hints == {"key.json": "json", "credentials": "json", ".env": "dotenv"}


def test_it_is_written_like_any_other_file_of_the_store(folder):
    store = EnvFiles(folder.parent / "home", {folder: 4})
    path = put(folder, "key.json")
    path.chmod(0o640)
    ref = SecretRef("env", (str(path),), str(folder))
    new = json.dumps({**json.loads(KEY), "private_key_id": "0" * 40}, indent=2).encode()
    seen = store.read(ref, a_ctx())
    store.write(ref, Secret(new), a_ctx(), expect=seen.token, mark="r1")
    assert path.read_bytes() == new
    assert path.stat().st_mode & 0o777 == 0o640
    with pytest.raises(Conflict):
        store.write(ref, Secret(KEY), a_ctx(), expect=seen.token, mark="r1")
    assert [file.name for file in folder.iterdir()] == ["key.json"]
    path.chmod(0o666)
    with pytest.raises(Refused):
        store.write(ref, Secret(KEY), a_ctx(), expect=store.read(ref, a_ctx()).token, mark="r1")


def test_a_key_file_that_a_listed_file_names_is_left_out_too(folder):
    put(folder, "old/one.key")
    put(folder, ".env", b"GOOGLE_APPLICATION_CREDENTIALS=old/one.key\n")
    for ignore, found in (((), [".env", "old/one.key"]), (("old",), [".env"]), (("old/*.key",), [".env"])):
        assert listed(folder, ignore=ignore) == (found, None)
