"""Keys that only a person makes, without any terminal: what is asked for, what is refused, what is left at the end."""

import json
import random
import secrets
from contextlib import closing
from pathlib import Path

import jsonschema
import pytest

from keyward import cli
from keyward.desk import Desk
from keyward.desk.swapping import judge
from keyward.model.detectors import BY_KIND
from keyward.model.secret import Secret
from keyward.wiring import Parts
from tests.parts.laptop import Laptop
from tests.parts.terminal import environment
from tests.parts.vendor import Vendor


@pytest.fixture
def laptop(tmp_path):
    """A machine without a keyring and without a cloud."""
    with Laptop(tmp_path / "home") as laptop:
        yield laptop


@pytest.fixture
def ringed(tmp_path, own_secret_service):
    """A machine with a keyring."""
    with Laptop(tmp_path / "home", own_secret_service) as laptop:
        yield laptop


def _planted(laptop):
    """An old key in an env file; gives its id, its value and the file."""
    old = laptop.vendor.make()
    file = laptop.env(".env", f"# mine\nOPENAI_API_KEY={old}\nOTHER=1\n")
    (key,) = laptop.scan()
    return key, old, file


def _swap(laptop, key, value, *more):
    return laptop.keyward("swap", key, "--stdin", "--accept-targets", *more, stdin=f"{value}\n")


def _rotation(laptop):
    (one,) = laptop.keyward("history", "-o", "json").json["rotations"]
    return one


def test_an_unattended_rotation_of_such_a_key_needs_a_person_and_says_how(laptop):
    key, old, file = _planted(laptop)
    done = laptop.keyward("rotate", key, "--accept-targets", "--yes")
    assert done.status == 6
    assert f"keyward swap {key}" in done.err
    assert old in file.read_text()
    assert laptop.keyward("history", "-o", "json").json["rotations"] == []


def test_an_unattended_run_reports_a_due_key_that_needs_a_person(laptop):
    key, old, file = _planted(laptop)
    rule = '[[rotation.rule]]\nmatch = "provider:shape"\nmax_age = "0s"\n'
    (laptop.home / "keyward.toml").write_text(f'[targets]\nallow = ["env:{laptop.work}/*"]\n{rule}')
    done = laptop.keyward("rotate", "--due", "--yes", "--new-ledger")
    assert done.status == 6, done.err
    assert f"keyward swap {key}" in done.out + done.err
    assert old in file.read_text()
    new = laptop.vendor.make()
    assert laptop.keyward("swap", key, "--stdin", stdin=new).status == 0, "the settings accept the place"
    assert new in file.read_text()


def test_the_value_on_standard_input_is_tried_written_everywhere_and_on_record(ringed):
    old = ringed.vendor.make()
    file = ringed.env(".env", f"# mine\nOPENAI_API_KEY={old}\nOTHER=1\n")
    ringed.ring("openai", "me", old)
    (key,) = ringed.scan()
    new = ringed.vendor.make()
    done = _swap(ringed, key, new, "-o", "json")
    assert done.status == 0, done.err
    (one,) = done.json["rotations"]
    assert (one["key"], one["state"]) == (key, "overlap")
    assert file.read_text() == f"# mine\nOPENAI_API_KEY={new}\nOTHER=1\n"
    assert ringed.ring("openai", "me") == new
    assert "Restart what read the old key" in done.err
    assert [name for name, text in ringed.pending().items() if old in text and new in text], "both are kept meanwhile"
    assert ringed.keyward("list", "-o", "ids").out.split() == [one["successor"]]
    _validated(done.json, "rotations")

    ringed.vendor.delete(old)
    after = ringed.keyward("swap", key, "--old-deleted")
    assert after.status == 0, after.err
    assert "retiring" in after.out
    seen = [line["kind"] for line in _rotation(ringed)["events"]]
    assert {"begun", "decided", "verdict"} <= set(seen)


def _validated(document, name):
    schema = json.loads((Path(cli.__file__).parent / "schema" / f"{name}.schema.json").read_text())
    jsonschema.validate(document, schema)


def test_without_a_home_it_goes_on_and_says_what_that_means(laptop):
    key, old, file = _planted(laptop)
    _validated(laptop.keyward("swap", key, "--dry-run", "-o", "json").json, "plan")
    plan = laptop.keyward("swap", key, "--dry-run", "--accept-targets")
    assert plan.status == 0
    assert "nothing is staged" in plan.out
    assert "you make the new key at https://platform.openai.com/" in plan.out
    assert "you delete the old key at https://platform.openai.com/" in plan.out
    assert f"keyward swap {key} --accept-target" in plan.out
    new = laptop.vendor.make()
    assert _swap(laptop, key, new).status == 0
    assert new in file.read_text()
    undone = laptop.keyward("undo", _rotation(laptop)["id"], "--yes")
    assert undone.status == 6
    assert "kept nowhere" in undone.err
    assert new in file.read_text()
    assert old not in file.read_text()


def test_an_undo_brings_the_old_key_back_from_the_pending_secret_and_leaves_nothing(ringed):
    key, old, file = _planted(ringed)
    new = ringed.vendor.make()
    assert _swap(ringed, key, new, "--grace", "0s").status == 6  # it waits for the person who deletes the old key
    rotation = _rotation(ringed)["id"]
    undone = ringed.keyward("undo", rotation, "--yes")
    assert undone.status == 0, undone.err
    assert "aborted" in undone.out
    assert "only a person can delete it" in undone.out
    assert file.read_text() == f"# mine\nOPENAI_API_KEY={old}\nOTHER=1\n"
    assert ringed.pending() == {}
    assert ringed.keyward("list", "-o", "ids").out.split() == [key]
    again = ringed.vendor.make()
    assert _swap(ringed, key, again).status == 0
    assert again in file.read_text()


def test_what_was_deleted_does_not_come_back(ringed):
    key, old, file = _planted(ringed)
    assert _swap(ringed, key, ringed.vendor.make()).status == 0
    ringed.vendor.delete(old)
    undone = ringed.keyward("undo", _rotation(ringed)["id"], "--yes")
    assert undone.status == 6
    assert "does not work any more" in undone.err
    assert old not in file.read_text()


WRONG = {
    "the old key": ("{old}", "refused", "This is the old key"),
    "a word": ("correct-horse-battery-staple", "refused", "could be guessed"),
    "two lines": ("{new}\n{new}", "refused", "several lines"),
    "another shape": ("{github}", "doubt", "looks like a GitHub token"),
    "no shape": ("x9Kq2LmT7vB4nR8sW3pZ6yD1fH5jC0gA", "doubt", "does not look like"),
    "fabricated": ("{made_up}", "doubt", "its check does not fit"),
    "a dead one": ("{dead}", "verdict", "does not know it"),
    "a good one": ("{new}", "verdict", "it works"),
}


def test_what_a_value_is_worth_is_known_before_anything_is_changed(laptop, monkeypatch):
    key, old, file = _planted(laptop)
    before = file.read_text()
    forms = {
        "old": old,
        "new": laptop.vendor.make(),
        "github": BY_KIND["github"].sample(random.Random(1)).decode(),
        "dead": BY_KIND["openai"].sample(random.Random(1)).decode(),
        "made_up": BY_KIND["openai"].sample(random.Random(2)).decode().replace("T3BlbkFJ", "x3BlbkFJ"),
    }
    parts = Parts(environ=environment(laptop.home, **laptop.variables), interactive=False)
    with closing(Desk(parts)) as desk:
        for what, (typed, field, said) in WRONG.items():
            found = judge(desk, key, Secret.of(typed.format(**forms)))
            text = found.verdict.evidence if field == "verdict" else getattr(found, field)
            assert said in text, what
            assert not (field == "refused" and found.verdict), "what is refused is not tried"
            assert not any(value in repr(found) for value in forms.values())
    assert file.read_text() == before


@pytest.mark.parametrize(
    ("typed", "status", "said"), [("", 2, "No value was given"), ("{old}", 2, "the old key"), ("{dead}", 6, "")]
)
def test_what_is_no_new_key_is_refused_before_anything_is_changed(laptop, typed, status, said):
    key, old, file = _planted(laptop)
    before = file.read_text()
    dead = BY_KIND["openai"].sample(random.Random(1)).decode()
    done = _swap(laptop, key, typed.format(old=old, dead=dead))
    assert done.status == status, done.err
    assert said in done.err
    assert "nothing was changed" in done.err or status == 2
    assert file.read_text() == before
    assert laptop.keyward("history", "-o", "json").json["rotations"] == []
    assert old not in done.out + done.err
    assert dead not in done.out + done.err


def test_a_vendor_that_cannot_be_asked_leaves_it_staged_and_waiting(ringed):
    key, old, file = _planted(ringed)
    new = ringed.vendor.make()
    ringed.vendor.answer = (503, b"")
    done = _swap(ringed, key, new, "--wait=cut-over", "--timeout", "1s")
    assert done.status == 0, done.err
    assert "waiting on provider" in done.out
    assert old in file.read_text()
    assert any(new in text for text in ringed.pending().values())
    ringed.vendor.answer = None
    go = ringed.keyward("resume", "--wait=cut-over", "--timeout", "60s")
    assert go.status == 0, go.err
    assert new in file.read_text()


def test_without_a_home_a_new_value_is_asked_for_again(laptop):
    key, old, file = _planted(laptop)
    laptop.vendor.answer = (503, b"")
    done = _swap(laptop, key, laptop.vendor.make(), "--wait=cut-over", "--timeout", "1s")
    assert "waiting on provider" in done.out
    laptop.vendor.answer = None
    missing = laptop.keyward("resume")
    assert missing.status in (0, 6)
    new = laptop.vendor.make()
    again = _swap(laptop, key, new, "--wait=cut-over", "--timeout", "60s")
    assert again.status == 0, again.err
    assert new in file.read_text()
    assert old not in file.read_text()


def test_the_old_key_may_be_kept(ringed):
    key, old, _ = _planted(ringed)
    done = _swap(ringed, key, ringed.vendor.make(), "--keep-old", "--grace", "0s")
    assert done.status == 0, done.err
    kept = ringed.keyward("resume")
    assert kept.status == 0, kept.err
    assert f"keyward swap {key} --old-deleted" in kept.out
    ringed.vendor.delete(old)
    ended = ringed.keyward("swap", key, "--old-deleted")
    assert ended.status == 0, ended.err
    assert "retiring" in ended.out


def test_it_needs_a_person_to_delete_the_old_key_and_says_where(ringed):
    key, _, _ = _planted(ringed)
    done = _swap(ringed, key, ringed.vendor.make(), "--grace", "0s")
    assert done.status == 6
    assert "https://platform.openai.com/" in done.out
    assert f"keyward swap {key} --old-deleted" in done.out
    status = ringed.keyward("status", "-o", "json").json
    assert status["rotations"][0]["waiting_on"] == "person"


def test_an_old_key_that_still_works_is_not_taken_for_dead(ringed):
    key, _, _ = _planted(ringed)
    assert _swap(ringed, key, ringed.vendor.make()).status == 0
    done = ringed.keyward("swap", key, "--old-deleted")
    assert done.status == 0, done.err
    assert "still works" in done.out
    assert _rotation(ringed)["dead"] is None


def test_a_key_in_the_cloud_is_staged_beside_its_secret_and_comes_back(scene):
    with Vendor() as vendor:
        old, new = vendor.make(), vendor.make()
        scene.secret("app", json.dumps({"openai": old, "other": 1}))
        file = scene.env(".env", f"OPENAI_API_KEY={old}\n")
        assert scene.keyward("scan", scene.work, "--values", "all").status == 0
        keys = scene.keyward("list", "-o", "json").json["keys"]
        (key,) = [one["id"] for one in keys if one["provider"] == "shape"]
        done = scene.keyward("swap", key, "--stdin", "--accept-targets", "--grace", "1h", stdin=new, **vendor.environ)
        assert done.status == 0, done.err
        assert json.loads(scene.current("app")) == {"openai": new, "other": 1}
        assert file.read_text() == f"OPENAI_API_KEY={new}\n"
        (rotation,) = scene.keyward("history", "-o", "json").json["rotations"]
        pending = scene.current(f"keyward-pending-{rotation['id']}").decode()
        assert old in pending
        assert new in pending
        undone = scene.keyward("undo", rotation["id"], "--yes", **vendor.environ)
        assert undone.status == 0, undone.err
        scene.world.clock.advance(4000)
        ended = scene.keyward("resume", **vendor.environ)
        assert ended.status == 0, ended.err
        assert json.loads(scene.current("app")) == {"openai": old, "other": 1}
        assert file.read_text() == f"OPENAI_API_KEY={old}\n"
        with pytest.raises(KeyError):
            scene.current(f"keyward-pending-{rotation['id']}")


# Keys without a shape


def _token():
    return "iv_" + secrets.token_urlsafe(30)


def test_a_key_without_a_shape_is_declared_by_its_place_and_swapped(ringed):
    old, new = _token(), _token()
    file = ringed.env("video/.env", f"INVIDEO={old}\n")
    place = f"env:{file}#INVIDEO"
    asked = ("swap", "--provider", "InVideo AI", "--at", place, "--stdin", "--accept-targets")
    refused = ringed.keyward(*asked, stdin=new)
    assert refused.status == 6
    assert "no API" in refused.err
    assert old in file.read_text()
    (key,) = ringed.keyward("list", "-o", "ids").out.split()
    assert key.startswith("declared:invideo/")
    done = ringed.keyward(*asked, "--accept-unproved", stdin=new)
    assert done.status == 0, done.err
    assert file.read_text() == f"INVIDEO={new}\n"
    (after,) = ringed.keyward("list", "-o", "ids").out.split()
    assert after.startswith("declared:invideo/")
    assert after != key
    assert "unproved" in json.dumps(_rotation(ringed)["events"])
    ended = ringed.keyward("swap", key, "--old-deleted")
    assert ended.status == 0, ended.err
    assert "done" in ended.out
    assert ringed.pending() == {}


def test_a_declared_key_survives_scans_and_a_lost_cache(laptop):
    value = _token()
    file = laptop.env("video/.env", f"INVIDEO={value}\n")
    asked = ("swap", "--provider", "invideo", "--name", "Staging 1", "--at", f"env:{file}#INVIDEO", "--dry-run")
    plan = laptop.keyward(*asked)
    assert plan.status == 6, plan.err  # the place is not accepted yet
    (key,) = laptop.keyward("list", "-o", "ids").out.split()
    assert key.startswith("declared:invideo.staging-1/")
    for lose in (False, True):
        if lose:
            (laptop.home / "keyward" / "cache" / "inventory.db").unlink()
        laptop.keyward("scan")
        (one,) = laptop.keyward("list", "-o", "json").json["keys"]
        assert one["id"] == key
        assert one["name"] == "InVideo AI staging-1"
        assert [place["secret"] for place in one["placements"]] == [f"env:{file}"]
    assert key in laptop.keyward("identify", stdin=value).out
    assert laptop.keyward("show", "declared:invideo").status == 0
    file.write_text("INVIDEO=\n")
    laptop.keyward("scan")
    assert laptop.keyward("list", "-o", "ids").out.split() == []


USAGE = [
    ((), "Name a key"),
    (("--provider", "invideo"), "Name a key"),
    (("--at", "env:/x#A"), "Name a key"),
    (("shape:openai/x", "--provider", "invideo", "--at", "env:/x#A"), "Name a key"),
    (("--provider", "!!!", "--at", "env:{file}#A"), "letters"),
    (("--provider", "invideo", "--at", "env:{file}#B"), "is not there"),
    (("--provider", "invideo", "--at", "env:{file}#SHORT"), "could be guessed"),
    (("--provider", "invideo", "--at", "env:/nowhere/.env#A"), "cannot be declared"),
    (("--provider", "invideo", "--at", "nowhere:x"), "in no store"),
    (("nobody", "--old-deleted", "--keep-old"), "opposite"),
]


def test_wrong_usage_is_said(laptop):
    file = laptop.env(".env", f"A={_token()}\nSHORT=hello\n")
    for arguments, said in USAGE:
        done = laptop.keyward("swap", *(one.format(file=file) for one in arguments), stdin="x")
        assert done.status == 2, (arguments, done.err)
        assert said in done.err, arguments


def test_old_deleted_without_a_swap_under_way_is_wrong_usage(laptop):
    key, _, _ = _planted(laptop)
    done = laptop.keyward("swap", key, "--old-deleted")
    assert done.status == 2
    assert "No swap" in done.err


def test_a_prefix_is_for_people(laptop):
    key, _, _ = _planted(laptop)
    done = laptop.keyward("swap", "shape:openai", "--stdin", stdin=laptop.vendor.make())
    assert done.status == 2
    assert key in done.err


def test_verify_tries_a_key_by_its_shape(laptop):
    key, old, _ = _planted(laptop)
    assert "works" in laptop.keyward("verify", key).out
    laptop.vendor.delete(old)
    done = laptop.keyward("verify", key)
    assert done.status == 1
    assert "dead" in done.out


def test_a_password_in_an_address_is_replaced_there_and_what_would_break_the_address_is_refused(laptop):
    old, new = (secrets.token_urlsafe(24) for _ in range(2))
    file = laptop.env(
        ".env", f"DATABASE_URL=postgres://app:{old}@db.internal:5432/shop\nWEAK=redis://app:hunter2@cache\n"
    )
    (key,) = laptop.scan()
    assert key.startswith("shape:url-password/"), "what could be guessed is no key: nothing is kept of it"
    refused = _swap(laptop, key, f"{new}@x", "--accept-unproved")
    assert refused.status == 1
    assert "cannot be written to part 'DATABASE_URL~@1'" in refused.out
    assert old in file.read_text()
    assert laptop.keyward("undo", _rotation(laptop)["id"], "--yes").status == 0
    assert _swap(laptop, key, new, "--accept-unproved").status == 0
    assert file.read_text() == (
        f"DATABASE_URL=postgres://app:{new}@db.internal:5432/shop\nWEAK=redis://app:hunter2@cache\n"
    )
