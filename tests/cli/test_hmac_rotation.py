"""An HMAC key of Cloud Storage, an id and a secret, in an env file and in a JSON secret: both halves replaced in one write of each."""

import json
import random
import re
import shutil
from datetime import timedelta

import pytest

from keyward.emulator.storage.state import HmacKeys
from keyward.model.detectors import BY_KIND
from tests.cli.conftest import changes_in, files_of, ledger_rows
from tests.cli.test_doctor_mends import allow, fixed, kinds
from tests.parts.accounts import make_account
from tests.parts.hmac_keys import pair_ref, pairs_of, plant_pair, works
from tests.parts.scene import PROJECT, Scene, encoded

NOW = ("--accept-targets", "--grace", "0s", "--retire", "now", "--yes", "--reason", "trial")
CREATION = {"iam.managed.disableServiceAccountKeyCreation": {"rules": [{"enforce": True}]}}
ENV = "# where backups go\nBUCKET=backups\nexport GCS_ACCESS_ID='{id}'\nGCS_REGION=eu\n\nGCS_SECRET={secret} # half\nTOKEN={token}"
SOAKED = timedelta(hours=73).total_seconds()


class Pair:
    """An account with one HMAC key that is in use, in an env file and in a secret."""

    def __init__(self, scene):
        self.scene, self.world = scene, scene.world
        self.account = make_account(scene.world, "backup")
        self.key = plant_pair(scene.world, self.account)
        self.id = pair_ref(self.key)
        self.token = scene.world.ids.text(40, "ABCDEFabcdef+/0123456789")
        self.file = scene.env(".env", self.env_of(self.key))
        scene.secret("storage", self.secret_of(self.key))
        self.scan()
        self.env_place = f"env:{self.file}#GCS_SECRET"
        self.secret_place = f"gsm:{PROJECT}/storage#/s3/secret"

    def env_of(self, key):
        return ENV.format(id=key.access_id, secret=key.secret, token=self.token)

    def secret_of(self, key):
        return json.dumps({"s3": {"secret": key.secret, "access_id": key.access_id}, "retries": 3}, indent=1) + "\n"

    def scan(self):
        done = self.scene.keyward("scan", self.scene.work, "--values", "all")
        assert done.status == 0, done.err

    def rotate(self, *more):
        return self.scene.keyward("rotate", self.id, *NOW, *more)

    @property
    def keys(self):
        return pairs_of(self.world, self.account)

    @property
    def successor(self):
        (new,) = [key for key in self.keys if key is not self.key]
        return new

    def holds(self, key):
        """Both places hold both halves of that key, and every other byte is as it was."""
        assert self.file.read_text() == self.env_of(key)
        assert self.scene.current("storage").decode() == self.secret_of(key)
        return works(self.scene.emulator, key.access_id, key.secret)

    def finish(self):
        """Time goes by, and cron comes along."""
        for _ in range(20):
            self.world.clock.advance(600)
            done = self.scene.keyward("resume")
            assert done.status == 0, done.out + done.err
            if "othing to resume" in done.out + done.err:
                return self.rotation
        raise AssertionError(done.out)

    @property
    def rotation(self):
        (one,) = self.scene.keyward("history", "-o", "json").json["rotations"]
        return one

    def nothing_slipped_out(self, *results):
        kept = b"".join(file.read_bytes() for file in (self.scene.home / "state").rglob("*") if file.is_file())
        told = "".join(one.out + one.err for one in results) + self.scene.keyward("history", "-o", "json").out
        told += json.dumps(self.scene.log())
        for key in self.world.state(HmacKeys).of(PROJECT):
            for form in encoded(key.secret):
                assert form not in told
                assert form.encode() not in kept


@pytest.fixture
def pair(scene):
    return Pair(scene)


def test_both_halves_are_replaced_proved_disabled_soaked_deleted(pair):
    scene, seen = pair.scene, len(pair.scene.log())
    begun = pair.rotate("--wait=cut-over")
    assert begun.status == 0, begun.out + begun.err
    new = pair.successor
    assert pair.holds(new)
    assert pair.key.state == "INACTIVE", "the old key is off, and can be switched on again"
    assert not works(scene.emulator, pair.key.access_id, pair.key.secret)
    assert [state for state, _ in scene.versions("storage")] == ["ENABLED", "ENABLED"], "one write"
    assert scene.keyward("resume").status == 0
    assert pair.key.state == "INACTIVE", "it is soaked for three days"

    pair.world.clock.advance(SOAKED)
    deleted = scene.keyward("resume")
    assert deleted.status == 0, deleted.err
    assert pair.key.state == "DELETED"
    done = pair.finish()
    assert done["state"] == "done"
    assert done["confirmed"].startswith("dead"), "it was tried by its id, not only waited for"
    assert pair.holds(new)
    assert pair.keys == [new]
    assert [state for state, _ in scene.versions("storage")] == ["DISABLED", "ENABLED"]
    creates = [entry for entry in scene.log()[seen:] if entry["rpc"] == "storage.projects.hmacKeys.create"]
    assert len(creates) == 1
    assert "keyward-pending" not in json.dumps(pair.world.dump()["slots"]["secretmanager"]), "nothing stays staged"
    pair.nothing_slipped_out(begun, deleted)


def test_a_second_rotation_knows_what_the_first_one_wrote(pair):
    assert pair.rotate("--wait=cut-over").status == 0
    pair.world.clock.advance(SOAKED)
    pair.finish()
    first = pair.successor
    pair.key, pair.id = first, pair_ref(first)
    again = pair.rotate("--wait=cut-over")
    assert again.status == 0, again.out + again.err
    assert pair.successor is not first
    assert pair.holds(pair.successor)


def test_a_plan_shows_both_parts_of_each_place_and_does_nothing(pair):
    scene = pair.scene
    before, rows, seen = files_of(scene.work), ledger_rows(scene), len(scene.log())
    done = scene.keyward("rotate", pair.id, "--accept-targets", "--dry-run")
    assert done.status == 0, done.err
    for said in (
        pair.env_place,
        "with its id in GCS_ACCESS_ID",
        "replace parts GCS_ACCESS_ID (its id) and GCS_SECRET (its secret), in one write, of env:",
        pair.secret_place,
        "with its id in /s3/access_id",
        "see that its id and its secret belong together",
        "gsm:acme-prod/keyward-pending-...",
        "1 of 10 keys",
        "disable the old key for 3d",
        "when a person says so, as nothing records its use",
        "gone for good",
    ):
        assert said in done.out, said
    assert changes_in(scene.log()[seen:]) == []
    assert (files_of(scene.work), ledger_rows(scene)) == (before, rows)
    plan = scene.keyward("rotate", pair.id, "--accept-targets", "--dry-run", "-o", "json").json
    (key,) = plan["keys"]
    assert {(place["at"], place["beside"]) for place in key["places"]} == {
        (pair.env_place, "GCS_ACCESS_ID"),
        (pair.secret_place, "/s3/access_id"),
    }


def test_the_key_is_found_in_its_places_before_anything_is_rotated(pair):
    shown = pair.scene.keyward("show", pair.id, "-o", "json").json["key"]
    assert {(place["store"], place["part"]) for place in shown["placements"]} == {
        ("env", "GCS_SECRET"),
        ("gsm", "/s3/secret"),
    }
    assert shown["last_used"]["status"] == "unsupported"
    assert "works" in pair.scene.keyward("verify", pair.id).out
    listed = pair.scene.keyward("list", "kind:access-key", "-o", "ids").out.split()
    assert listed == [pair.id]


def test_undo_while_both_keys_work(pair):
    done = pair.scene.keyward("rotate", pair.id, "--accept-targets", "--yes")
    assert done.status == 0, done.err
    assert pair.holds(pair.successor)
    _undone(pair)


def test_undo_while_the_old_key_is_off(pair):
    assert pair.rotate("--wait=cut-over").status == 0
    assert pair.key.state == "INACTIVE"
    _undone(pair)


def _undone(pair):
    done = pair.scene.keyward("undo", pair.rotation["id"], "--yes", "--reason", "trial")
    assert done.status == 0, done.out + done.err
    pair.world.clock.advance(600)
    done = pair.scene.keyward("resume")
    assert done.status == 0, done.out + done.err
    assert pair.keys == [pair.key]
    assert pair.key.state == "ACTIVE"
    assert pair.holds(pair.key)
    assert pair.rotation["state"] == "aborted"
    pair.nothing_slipped_out(done)


def test_after_the_deletion_there_is_no_way_back_and_that_is_said(pair):
    assert pair.rotate("--wait=cut-over").status == 0
    pair.world.clock.advance(SOAKED)
    one = pair.finish()
    done = pair.scene.keyward("undo", one["id"], "--yes", "--reason", "trial")
    assert done.status == 6
    assert "deleted for good" in done.err
    assert pair.holds(pair.successor)


def test_a_person_who_changed_only_the_id_is_asked_and_nothing_is_overwritten(pair):
    """Between the plan and the write: the secret is the old key's still, the id another key's."""
    other = plant_pair(pair.world, pair.account)
    pair.world.faults.add(_stop_at("storage.projects.hmacKeys.create"))
    begun = pair.rotate()
    assert pair.rotation["state"] in ("planned", "creating"), begun.out + begun.err
    torn = pair.env_of(pair.key).replace(pair.key.access_id, other.access_id)
    pair.file.write_text(torn)
    pair.world.faults.clear()
    pair.world.clock.advance(3600)
    done = pair.scene.keyward("resume")
    assert done.status == 6, done.out + done.err
    assert f"{pair.env_place} holds an id and a secret that do not belong together" in done.out + done.err
    assert pair.file.read_text() == torn
    assert pair.scene.current("storage").decode() == pair.secret_of(pair.key), "the others stay as they are"
    # The person puts the right one back: it goes on.
    pair.file.write_text(pair.env_of(pair.key))
    done = pair.scene.keyward("resume")
    assert done.status == 0, done.out + done.err
    (new,) = [key for key in pair.keys if key not in (pair.key, other)]
    assert pair.holds(new)


def _stop_at(rpc):
    from keyward.emulator.faults import Fault

    return Fault(rpc=f"{rpc}$", status="UNAVAILABLE", times=-1)


@pytest.mark.parametrize("half", ["id", "secret"])
def test_a_place_with_one_half_of_another_key_blocks_the_plan(pair, half):
    other = plant_pair(pair.world, pair.account)
    was, now = (pair.key.access_id, other.access_id) if half == "id" else (pair.key.secret, other.secret)
    torn = pair.env_of(pair.key).replace(was, now)
    pair.file.write_text(torn)
    if half == "secret":
        pair.scan()
    done = pair.rotate()
    assert done.status == 6
    if half == "id":
        assert f"{pair.env_place} holds the secret of this key with another id (part GCS_ACCESS_ID)" in done.err
        assert f"leave it out with --waive {pair.env_place}" in done.err
    else:
        assert "different values stand for it" in done.err
        assert pair.env_place in done.err
    assert pair.file.read_text() == torn
    assert len(pair.keys) == 2
    left_out = pair.rotate("--waive", pair.env_place, "--wait=cut-over")
    assert left_out.status == 0, left_out.out + left_out.err
    assert pair.file.read_text() == torn
    (new,) = [key for key in pair.keys if key not in (pair.key, other)]
    assert pair.scene.current("storage").decode() == pair.secret_of(new)


def test_halves_in_two_secrets_are_refused_with_the_reason(pair):
    """Readers could see the new id with the old secret; no order of two writes can keep them from it."""
    scene = pair.scene
    scene.secret("lone-id", pair.key.access_id)
    scene.secret("lone-secret", pair.key.secret)
    pair.scan()
    done = pair.rotate()
    assert done.status == 6
    said = " ".join(done.err.split())
    assert f"gsm:{PROJECT}/lone-id names this key by its id, and its secret does not stand beside it" in said
    assert f"gsm:{PROJECT}/lone-secret holds the secret of this key, and no id that plainly belongs to it" in said
    assert said.count("readers could see the new one with the old other one") >= 2
    assert "Put both into one payload" in said
    assert pair.keys == [pair.key]
    assert pair.holds(pair.key)
    assert scene.current("lone-secret").decode() == pair.key.secret


def test_what_is_not_plain_is_refused_and_says_which(pair):
    """Two values that could be the secret: the file names neither as the one."""
    text = f"ACCESS_ID={pair.key.access_id}\nGCS_SECRET={pair.key.secret}\nFTP_PASSWORD={pair.token}\n"
    file = pair.scene.env("two.env", text)
    pair.scan()
    done = pair.rotate()
    assert done.status == 6
    assert f"env:{file}#ACCESS_ID names this key by its id, and it is not plain which of" in done.err
    assert "GCS_SECRET, FTP_PASSWORD" in done.err
    assert file.read_text() == text


def test_a_secret_of_somebody_else_beside_the_id_is_never_replaced(scene):
    """The two stand together and are called alike, but do not belong together: a signed request tells, before anything is made."""
    account = make_account(scene.world, "backup")
    key = plant_pair(scene.world, account)
    foreign = scene.world.ids.text(40, "ABCDEFabcdef+/0123456789")
    text = f"GCS_ACCESS_ID={key.access_id}\nGCS_SECRET={foreign}\n"
    file = scene.env(".env", text)
    scene.settings(f'[rotation]\nhome = "gsm:{PROJECT}/*"\n')
    assert scene.keyward("scan", scene.work, "--values", "all").status == 0
    done = scene.keyward("rotate", pair_ref(key), *NOW)
    assert done.status in (1, 6), done.out + done.err
    assert "the secret does not belong to the access id" in done.out + done.err
    assert pairs_of(scene.world, account) == [key]
    assert file.read_text() == text
    assert not any(entry["rpc"] == "storage.projects.hmacKeys.create" for entry in scene.log())


@pytest.mark.parametrize("full", [False, True])
def test_what_is_in_the_way_is_said_before_anything_happens(pair, full):
    if full:
        for _ in range(9):
            plant_pair(pair.world, pair.account)
    else:
        pair.world.known(PROJECT).policies |= CREATION
    seen, before = len(pair.scene.log()), files_of(pair.scene.work)
    done = pair.rotate()
    assert done.status == 6
    if full:
        assert "10 of 10 keys" in done.err
        assert "Delete a key of this account that nobody uses" in done.err
    else:
        assert "iam.managed.disableServiceAccountKeyCreation is enforced" in done.err
    assert changes_in(pair.scene.log()[seen:]) == []
    assert files_of(pair.scene.work) == before


def test_nothing_records_its_use_so_a_person_says_when_it_goes(pair):
    done = pair.scene.keyward("rotate", pair.id, "--accept-targets", "--grace", "1h", "--yes")
    assert done.status == 0, done.err
    for _ in range(3):
        pair.world.clock.advance(timedelta(days=8).total_seconds())
        waiting = pair.scene.keyward("resume")
        assert pair.key.state == "ACTIVE", waiting.out
        assert "use of the old key is unknown" in waiting.out + waiting.err
    pair.world.clock.advance(timedelta(days=8).total_seconds())
    asked = pair.scene.keyward("resume")
    assert asked.status == 6
    assert "a person decides: retire now (--retire now), later, or never" in asked.out + asked.err
    assert pair.key.state == "ACTIVE"


def test_in_an_ini_file_as_boto_reads_it(scene):
    account = make_account(scene.world, "backup")
    key = plant_pair(scene.world, account)

    def boto(key):
        return f"[Boto]\nhttps_validate_certificates = True\n\n[Credentials]\ngs_access_key_id = {key.access_id}\ngs_secret_access_key = {key.secret}\n"

    scene.secret("boto", boto(key))
    assert scene.keyward("scan", "--values", "all").status == 0
    done = scene.keyward("rotate", pair_ref(key), *NOW, "--wait=cut-over")
    assert done.status == 0, done.out + done.err
    (new,) = [one for one in pairs_of(scene.world, account) if one is not key]
    assert scene.current("boto").decode() == boto(new)


def test_it_gets_no_new_place_that_would_hold_the_secret_alone(pair):
    done = pair.rotate("--to", f"gsm:{PROJECT}/alone")
    assert done.status == 6
    assert re.search(r"gsm:acme-prod/alone would hold the secret of this key without the id", done.err)
    assert pair.keys == [pair.key]


def test_revoke_proves_that_it_is_dead(tmp_path):
    with Scene(tmp_path / "scene", rate=1000) as scene:
        scene.settings()
        pair = Pair(scene)
        switches = ("--even-if-used", "--even-if-broken", "--reason", "trial", "--yes", "--wait=dead")
        done = scene.keyward("revoke", pair.id, *switches)
        assert done.status == 0, done.out + done.err
        assert pair.key.state == "DELETED"
        assert "dead: " in done.out


def test_a_key_that_nobody_lists_is_not_swapped_by_half(scene):
    """An AWS key is known by its shape; handing in a secret alone would leave the id that belongs to the old one."""
    rng = random.Random()
    made = {kind: BY_KIND[kind].sample(rng).decode() for kind in ("aws-access-key-id", "aws-secret-key")}
    text = "AWS_ACCESS_KEY_ID={aws-access-key-id}\nAWS_SECRET_ACCESS_KEY={aws-secret-key}\n".format_map(made)
    file = scene.env(".env", text)
    assert scene.keyward("scan", scene.work).status == 0
    (name,) = scene.keyward("list", "-o", "ids").out.split()
    assert name.startswith("shape:aws-secret-key/")
    new = BY_KIND["aws-secret-key"].sample(rng).decode()
    done = scene.keyward("swap", name, "--stdin", "--accept-targets", "--accept-unproved", "--reason", "x", stdin=new)
    assert done.status == 6, done.out + done.err
    assert "is the secret of the id in part AWS_ACCESS_KEY_ID, which would stay as it is" in done.err
    assert file.read_text() == text


def test_the_role_of_a_rotator_is_enough(pair):
    from keyward.google.roles import Role, permissions

    allow(pair.scene, permissions(Role.ROTATOR))
    done = pair.rotate("--wait=cut-over")
    assert done.status == 0, done.out + done.err
    pair.world.clock.advance(SOAKED)
    assert pair.finish()["state"] == "done"
    assert pair.holds(pair.successor)


def test_a_lost_ledger_is_made_anew_from_what_was_staged(pair):
    """In the middle: one place is back on the old key."""
    scene = pair.scene
    scene.settings('[scan]\nread_values = ["project:*"]\n')
    begun = scene.keyward("rotate", pair.id, "--accept-targets", "--yes", "--wait=cut-over")
    assert begun.status == 0, begun.err
    new = pair.successor
    pair.file.write_text(pair.env_of(pair.key))
    shutil.rmtree(scene.home / "state")
    assert scene.keyward("scan", scene.work).status == 0
    done = fixed(scene)
    assert kinds(done) == ["lost"], done.json
    assert done.json["mended"][0]["ok"], done.json
    gone_on = pair.rotate("--wait=cut-over")
    assert gone_on.status == 0, gone_on.out + gone_on.err
    assert pair.holds(new)
    for _ in range(2):  # the overlap that was found again, then the soak
        pair.world.clock.advance(SOAKED)
        assert scene.keyward("resume").status == 0
    assert pair.finish()["state"] == "done"
    assert pair.keys == [new], "no second successor was made"
