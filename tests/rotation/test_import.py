"""Importing a key: whose value is taken, where it may go, and what a crash leaves."""

import secrets
from contextlib import suppress
from dataclasses import replace

import pytest

from keyward.model.capability import Can
from keyward.model.errors import NeedsPerson
from keyward.model.ids import PlacementRef
from keyward.model.secret import Secret
from keyward.rotation.acts import trail
from keyward.rotation.acts.importing import do, plan
from keyward.rotation.destination import There
from keyward.rotation.policy import Policy
from keyward.rotation.reach import Coverage
from tests.rotation.conftest import Play
from tests.rotation.fake_world import Crash

TO = PlacementRef.parse("vault:acme/new")
AT = ("acme", "new")


def planned(play, to=TO, **policy):
    reach = replace(play.life().reach, look=lambda _: Coverage())
    return reach, plan(reach, play.world.keys["old"].ref, to, Policy(**policy))


def test_read_from_the_provider_written_and_accepted(play):
    reach, made = planned(play)
    assert (made.ready, made.asks, made.destination.there) == (True, False, There.ABSENT)
    assert AT not in play.stage.vault.secrets
    assert do(reach, made).done
    assert play.stage.vault.current(AT) == play.world.keys["old"].material
    assert "vault:acme/new" in play.ledger.targets()
    assert any(row.secret == "vault:acme/new" for row in play.ledger.placements(credential=made.id))
    assert play.world.keys["old"].material not in play.ledger.text()


@pytest.fixture
def once(play):
    """A world whose provider shows a value only once."""
    play.stage.keys.can -= {Can.READ_VALUE}
    fingerprints = play.life().reach.fingerprints
    known = fingerprints.fingerprint(Secret.of(play.world.keys["old"].material))
    return play, known


def test_what_cannot_be_read_again_is_handed_in_and_recognised(once):
    play, _ = once
    see(play)
    reach, made = planned(play)
    assert made.asks
    with pytest.raises(NeedsPerson, match="has to be handed in"):
        do(reach, made)
    with pytest.raises(NeedsPerson, match="not the value that keyward knows"):
        do(reach, made, Secret.of(f"FAKE{secrets.token_hex(16)}"))
    assert AT not in play.stage.vault.secrets
    assert do(reach, made, Secret.of(play.world.keys["old"].material)).done
    assert play.stage.vault.current(AT) == play.world.keys["old"].material


def see(play):
    """Let the ledger know the key by its fingerprint, as a scan does."""
    from keyward.ledger.records import PlacementRow

    value = Secret.of(play.world.keys["old"].material)
    mine = play.life().reach.fingerprints.fingerprint(value)
    key = str(play.world.keys["old"].ref)
    row = PlacementRow("vault:acme/app", "1", "/a", key, mine, "current", "enabled", "vault", "acme")
    play.ledger.remember([row])


def test_a_value_that_nothing_ties_to_the_key_is_not_taken(once):
    play, _ = once
    for store in (play.stage.vault, play.stage.files, play.stage.ring):
        store.secrets.clear()
    play.world.watched.clear()
    reach, made = planned(play)
    with pytest.raises(NeedsPerson, match="nothing in it shows whose it is"):
        do(reach, made, Secret.of(play.world.keys["old"].material))


def test_less_guarded_places_need_a_word(play):
    see(play)
    play.stage.files.put("/w/empty", payload="")
    to = PlacementRef.parse("files:/w/empty")
    _, made = planned(play, to, interactive=True)
    assert any("less guarded" in one.what for one in made.blockers)
    _, made = planned(play, to, interactive=True, allow_less_guarded=True)
    assert made.ready
    _, made = planned(play, to, allow_less_guarded=True)
    assert any("nobody is at the terminal" in one.what for one in made.blockers)
    _, made = planned(play, to, allow_less_guarded=True, allow=("files:/w/*",))
    assert made.ready


def test_killed_at_any_point_the_same_command_ends_it():
    point, killed = 0, True
    while killed:
        point += 1
        one = Play()
        reach, made = planned(one)
        seen, killed = 0, False

        def hook(_, one=one, at=point):
            nonlocal seen, killed
            seen += 1
            if seen == at:
                killed = one.world.crashed = True
                raise Crash

        one.world.hook = hook
        with suppress(Crash):
            do(reach, made)
        one.world.hook = lambda _: None
        again, made = planned(one)
        assert do(again, made).done
        assert [payload for payload, _ in one.stage.vault.secrets[AT]] == [one.world.keys["old"].material]
        assert "vault:acme/new" in one.ledger.targets()
        assert not one.ledger.metas(trail.BEGUN)
    assert point > 5
