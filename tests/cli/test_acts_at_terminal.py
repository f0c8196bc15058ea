"""At a terminal a person sees what breaks, and types the phrase of an act that ends a key."""

import pytest

from tests.cli.test_terminal import at_terminal

__all__ = ["at_terminal"]

pytestmark = pytest.mark.pty


def test_a_phrase_for_production_and_nothing_else(scene, at_terminal):
    key = scene.key("my key")
    file = scene.env(".env", f"A={key.key_string}\n")
    assert scene.keyward("scan", scene.work).status == 0
    held = at_terminal("revoke", "my key")
    assert held.end() == 6
    assert f"env:{file}#A still holds it" in held.seen
    assert "IN THE WAY" in held.seen

    no = at_terminal("revoke", "my key", "--even-if-broken")
    assert "PRODUCTION" in no.until("Type 'revoke 1 production key' to go on:")
    assert "1 place that held it will fail" in no.seen
    no.type("yes")
    assert no.end() == 6
    assert scene.live() == {key.key_string}

    yes = at_terminal("revoke", "my key", "--even-if-broken")
    yes.until("to go on:")
    yes.type("revoke 1 production key")
    assert yes.end() == 0, yes.seen
    assert scene.live() == set()
    assert f"keyward restore {scene.key_id(key)}" in yes.seen
