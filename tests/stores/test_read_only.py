"""Other programs' files are read at their exact paths once the user accepted that, and never written."""

import json

import pytest

from keyward.model.capability import Can, Ready
from keyward.model.errors import Refused, SourceError
from keyward.model.ids import SecretRef
from keyward.model.secret import Secret
from keyward.model.surroundings import Surroundings
from keyward.plugins import stores
from keyward.settings.lists import EnvFolder
from keyward.settings.sections import LOCAL
from tests.contract.stores import a_ctx
from tests.model.shapes import sample

KEY = sample("openai", 5).decode()
PLANTED = {
    "adc": ".config/gcloud/application_default_credentials.json",
    "aws-files": ".aws/credentials",
    "shell": ".zshrc",
    "agents": ".claude.json",
    "ci": "work/app/.github/workflows/test.yml",
}


def built(home, *accepted, **environ):
    folder = home / "work"
    options = {"local.read": accepted, "env": (EnvFolder(path=folder),)}
    return stores(Surroundings(environ, home / "c", home / "s", home / "k", "here", home, options=options))


@pytest.fixture
def home(tmp_path):
    for path in PLANTED.values():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"OPENAI_API_KEY={KEY}\n")
    return tmp_path


def names(store):
    return [info.ref.name for info in store.list("*", a_ctx())]


def test_every_name_that_can_be_accepted_is_a_store_that_cannot_write(home):
    for name in LOCAL:
        assert {Can.LIST, Can.READ, Can.LOCAL} == built(home).get(name).can
    assert set(LOCAL) == set(PLANTED)


@pytest.mark.parametrize("name", PLANTED)
def test_nothing_is_listed_or_read_before_the_user_accepted_it(home, name):
    store = built(home, *(other for other in PLANTED if other != name)).get(name)
    ref = SecretRef(name, (str(home / PLANTED[name]),), "*")
    assert store.scopes(a_ctx()) == ()
    with pytest.raises(SourceError, match="does not name them") as refused:
        names(store)
    assert refused.value.status == "denied"
    with pytest.raises(Refused, match="not read"):
        store.read(ref, a_ctx())


@pytest.mark.parametrize("name", PLANTED)
def test_an_accepted_store_reads_its_file_and_no_other(home, name):
    (home / "diary").write_text(KEY)
    store = built(home, name).get(name)
    path = str(home / PLANTED[name])
    assert store.scopes(a_ctx()) == ("*",)
    assert names(store) == [path]
    assert KEY.encode() in store.read(SecretRef(name, (path,), "*"), a_ctx()).data.reveal()
    with pytest.raises(Refused, match="none of the files"):
        store.read(SecretRef(name, (str(home / "diary"),), "*"), a_ctx())


@pytest.mark.parametrize("name", PLANTED)
def test_it_is_never_written_and_says_who_has_to(home, name):
    store = built(home, name).get(name)
    file = home / PLANTED[name]
    ref, before = SecretRef(name, (str(file),), "*"), file.read_bytes()
    token = store.read(ref, a_ctx()).token
    with pytest.raises(Refused, match="never writes"):
        store.write(ref, Secret(b"x"), a_ctx(), expect=token, mark="m")
    ready = {one.what.split()[0]: one for one in store.preflight(ref, frozenset({Can.READ, Can.WRITE}), a_ctx())}
    assert ready["read"].ready is Ready.YES
    assert ready["write"].ready is Ready.NO
    assert "yourself" in ready["write"].fix
    assert file.read_bytes() == before


def test_variables_move_the_files_as_their_programs_move_them(home):
    (home / "gc").mkdir()
    (home / "gc" / "application_default_credentials.json").write_text("{}")
    (home / "creds").write_text("[default]\n")
    moved = built(home, "adc", CLOUDSDK_CONFIG=str(home / "gc")).get("adc")
    assert names(moved) == [str(home / "gc" / "application_default_credentials.json")]
    assert names(built(home, "aws-files", AWS_SHARED_CREDENTIALS_FILE=str(home / "creds")).get("aws-files")) == [
        str(home / "creds")
    ]


def test_links_are_followed_and_what_is_no_file_is_passed_over(home):
    real = home / "dotfiles" / "zshrc"
    real.parent.mkdir()
    (home / ".zshrc").rename(real)
    (home / ".zshrc").symlink_to(real)
    (home / ".bashrc").mkdir()
    assert names(built(home, "shell").get("shell")) == [str(home / ".zshrc")]


def test_a_file_that_grew_too_large_is_told(home):
    (home / ".claude.json").write_text(json.dumps({"history": "x" * 1_100_000}))
    store = built(home, "agents").get("agents")
    with pytest.raises(Refused, match="too large"):
        store.read(SecretRef("agents", (str(home / ".claude.json"),), "*"), a_ctx())
