"""What the settings screen is told: every setting, whence its value, how far that place is trusted, and the lines to write."""

import secrets
import tomllib

import pytest

from keyward.desk import Desk
from keyward.settings.schema import LISTS, sections
from keyward.wiring import Parts

DIALS = {f"{section}.{name}" for section, names in sections().items() for name in names}


@pytest.fixture
def desk(tmp_path):
    def make(text="", local="", **environ):
        (tmp_path / "conf").mkdir(mode=0o700, exist_ok=True)
        file = tmp_path / "conf" / "keyward.toml"
        file.write_text(text)
        file.chmod(0o600)
        folder = tmp_path / "project"
        folder.mkdir(exist_ok=True)
        (folder / "keyward.toml").write_text(local)
        (folder / "keyward.toml").chmod(0o600)
        made = {"KEYWARD_HOME": str(tmp_path / "state"), "KEYWARD_CONFIG": str(file), "HOME": str(tmp_path), **environ}
        return Desk(Parts(environ=made, folder=folder, interactive=False))

    return make


def test_every_setting_is_there_with_its_meaning_and_lines_that_can_be_written_as_they_are(desk):
    found = {one.name: one for one in desk().setup.configured()}
    assert set(found) == DIALS | set(LISTS)
    for one in found.values():
        assert one.doc, one.name
        assert (one.origin, one.trust) == ("default", "built in")
        document = tomllib.loads(one.line)
        for part in one.name.split("."):
            document = document[part] if isinstance(document, dict) else document[0]


def test_the_lines_of_a_setting_say_what_holds_now(desk):
    text = '[rotation]\ngrace = "36h"\n[scan]\nprojects = ["acme-*", "b"]\nworkers = 7\n'
    found = {one.name: one for one in desk(text).setup.configured()}
    assert tomllib.loads(found["rotation.grace"].line) == {"rotation": {"grace": "36h"}}
    assert tomllib.loads(found["scan.projects"].line) == {"scan": {"projects": ["acme-*", "b"]}}
    assert tomllib.loads(found["scan.workers"].line) == {"scan": {"workers": 7}}
    assert tomllib.loads(found["scan.context"].line) == {"scan": {"context": False}}
    assert found["rotation.grace"].origin.endswith("conf/keyward.toml:2")


def test_how_far_a_place_is_trusted_is_another_word_for_each(desk):
    found = {
        one.name: one.trust
        for one in desk(
            '[rotation]\ngrace = "36h"\n', "[scan]\nworkers = 3\n", KEYWARD_SCAN_INDEX="off"
        ).setup.configured()
    }
    assert found["rotation.grace"].startswith("your own file")
    assert found["scan.workers"].startswith("the working folder's file: filters")
    assert found["scan.index"].startswith("a variable")
    assert found["scan.context"] == "built in"
    assert len({found[name] for name in ("rotation.grace", "scan.workers", "scan.index", "scan.context")}) == 4


def test_addresses_that_may_hold_tokens_and_a_ledgers_password_are_in_none_of_it(desk):
    token = secrets.token_hex(12)
    text = f'[notify]\nurls = ["json://user:{token}@localhost/"]\nheartbeat = "https://localhost/{token}"\n'
    found = desk(text).setup.configured()
    assert token not in repr(found)
    hidden = {one.name: one for one in found if one.secret}
    assert set(hidden) == {"notify.urls", "notify.heartbeat"}
    assert all("..." in one.line for one in hidden.values())
