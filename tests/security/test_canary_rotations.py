"""The search for planted values, over rotations that nobody watches and keys that a person makes: where could a value slip out on its way?

A consumer gets the new value and prints it in every form that it can think of; the vendor's page answers with parts of it; runs fail and
tell people about it.
"""

import contextlib
import json
import random
import stat
import sys

import pytest

from keyward.emulator.accountkeys.state import AccountKeys
from keyward.model.detectors import BY_KIND
from tests.notify.test_notify import TOKEN, listening
from tests.parts.accounts import key_ref, keys_of, make_account, plant_key
from tests.parts.hmac_keys import pair_ref, pairs_of, plant_pair
from tests.parts.scene import PROJECT
from tests.parts.terminal import terminal
from tests.parts.vendor import Vendor
from tests.security.test_canary import Watched, leaks

UPLOAD = {"iam.disableServiceAccountKeyUpload": {"rules": [{"enforce": True}]}}
NOW = ("--accept-targets", "--grace", "0s", "--retire", "now", "--reason", "trial")
PARROT = """#!{python} -I
import base64, json, sys, urllib.parse
said = sys.stdin.read()
for text in (said, said.strip(), json.dumps(said), urllib.parse.quote(said, safe=""), said.encode().hex()):
    print("I was given", text, flush=True)
for start in range(3):
    print("in a manifest:", base64.b64encode(b"\\0" * start + said.encode()).decode(), flush=True)
print("cut off:", said[7:40], said[-40:-9])
sys.exit({status})
"""
CONSUMER = '\n[[consumer]]\nmatch = "*"\nrun = ["{program}"]\nstdin = "value"\ntimeout = "1m"\n'


def _parrot(folder, status=0):
    """A consumer that prints what it is given; gives its settings."""
    program = folder / "parrot"
    program.write_text(PARROT.format(python=sys.executable, status=status))
    program.chmod(stat.S_IRWXU)
    return CONSUMER.format(program=program)


def _lines(text):
    """Lines of the private half in a key file: each alone must not slip out."""
    return json.loads(text)["private_key"].splitlines()[3:6]


def _looked_back(watched, *more):
    """Every command that tells what happened."""
    watched.keyward("history")
    told = watched.keyward("history", "-o", "json").json["rotations"]
    for one in told:
        watched.keyward("history", one["id"])
    for words in (("status",), ("status", "-o", "json"), ("audit", "export"), ("audit", "verify"), ("doctor",), *more):
        watched.keyward(*words)
    return told


@pytest.mark.parametrize(
    ("made", "home"), [("upload", ""), pytest.param("create", "keyring:keyward/*", marks=pytest.mark.slow)]
)
def test_no_private_key_gets_out_of_a_planned_applied_and_undone_rotation(tmp_path, own_secret_service, made, home):
    watched = Watched(tmp_path, own_secret_service)
    with watched.scene as scene:
        account = make_account(scene.world, "robot")
        key, text = plant_key(scene.world, account)
        if made == "create":
            scene.world.known(PROJECT).policies |= UPLOAD
        file = scene.env("creds/robot.json", json.dumps(json.loads(text), indent=2) + "\n")
        scene.env(".env", "GOOGLE_APPLICATION_CREDENTIALS=creds/robot.json\n")
        scene.secret("robot", text)
        scene.settings((f'[rotation]\nhome = "{home}"\n' if home else "") + _parrot(tmp_path))
        watched.keyward("scan", scene.work, "--values", "all")
        plan = tmp_path / "home" / "plan.json"
        saved = watched.keyward("rotate", key_ref(key), *NOW, "--out", plan)
        assert saved.status == 0, saved.err
        assert stat.S_IMODE(plan.stat().st_mode) == 0o600
        applied = watched.keyward("apply", plan, "--yes")
        assert applied.status == 0, applied.out + applied.err
        scene.world.clock.advance(700)
        watched.keyward("resume")
        values = [*_lines(text), *_lines(file.read_text())]
        assert len(set(values)) == 6, "no successor was written"
        pending = scene.world.dump()["slots"]["secretmanager"]
        assert ("keyward-pending" in json.dumps(pending)) is (not home), "it was staged where it should be"
        (rotation,) = _looked_back(watched, ("doctor", "--fix", "--yes"))
        assert "succeeded: I was given" in watched.said[-1] + "".join(watched.said), "the parrot was not heard"
        watched.keyward("undo", rotation["id"], "--yes", "--reason", "trial")
        scene.world.clock.advance(4000)
        watched.keyward("resume")
        _looked_back(watched)
        for one in (*keys_of(scene.world, account), *scene.world.state(AccountKeys).of(account.email)):
            assert one.key_id in "".join(watched.said), "ids are no secret"
        assert leaks(watched.channels(file), values) == []


def test_no_secret_of_a_pair_gets_out_of_a_planned_applied_and_undone_rotation(tmp_path):
    watched = Watched(tmp_path)
    with watched.scene as scene:
        account = make_account(scene.world, "backup")
        key, other = plant_pair(scene.world, account), plant_pair(scene.world, account)
        text = f"GCS_ACCESS_ID={key.access_id}\nGCS_SECRET={key.secret}\n"
        file = scene.env(".env", text)
        scene.secret("storage", json.dumps({"id": key.access_id, "secret": key.secret}))
        torn = scene.env("torn.env", text.replace(key.access_id, other.access_id))
        scene.secret("lone", key.secret)
        scene.settings(_parrot(tmp_path))
        watched.keyward("scan", scene.work, "--values", "all")
        for words in (("list", "-o", "json"), ("show", pair_ref(key)), ("verify", pair_ref(key), pair_ref(other))):
            watched.keyward(*words)
        watched.keyward("identify", stdin=key.secret)
        assert watched.keyward("rotate", pair_ref(key), *NOW, "--yes").status == 6, "halves are torn"
        torn.unlink()
        plan = tmp_path / "home" / "plan.json"
        waive = ("--waive", f"gsm:{PROJECT}/lone")
        saved = watched.keyward("rotate", pair_ref(key), *NOW, *waive, "--out", plan)
        assert saved.status == 0, saved.err
        applied = watched.keyward("apply", plan, "--yes")
        assert applied.status == 0, applied.out + applied.err
        scene.world.clock.advance(700)
        watched.keyward("resume")
        (new,) = [one for one in pairs_of(scene.world, account) if one not in (key, other)]
        assert file.read_text() == f"GCS_ACCESS_ID={new.access_id}\nGCS_SECRET={new.secret}\n"
        assert "keyward-pending" in json.dumps(scene.world.dump()["slots"]["secretmanager"])
        (rotation,) = _looked_back(watched, ("doctor", "--fix", "--yes"))
        assert "succeeded: I was given" in "".join(watched.said), "the parrot was not heard"
        watched.keyward("undo", rotation["id"], "--yes", "--reason", "trial")
        scene.world.clock.advance(4000)
        watched.keyward("resume")
        _looked_back(watched)
        assert file.read_text() == text
        for one in (key, new):
            assert one.access_id in "".join(watched.said), "ids are no secret"
        assert leaks(watched.channels(file), [key.secret, new.secret, other.secret]) == []


def test_no_value_gets_out_of_a_run_that_fails_and_tells_people(tmp_path):
    watched = Watched(tmp_path)
    with watched.scene as scene, listening() as listener:
        key = scene.key("app", days=200)
        scene.settings(
            '[scan]\nread_values = ["all"]\n[[rotation.rule]]\nmatch = "project:acme-*"\nmax_age = "90d"\n'
            '[targets]\nallow = ["env:*"]\n'
            f'[notify]\nurls = ["json://127.0.0.1:{listener.port}/{TOKEN}"]\ndaily_at = "00:00"\n'
            f'heartbeat = "http://127.0.0.1:{listener.port}/{TOKEN}"\n' + _parrot(tmp_path, status=3)
        )
        file = scene.env(".env", f"GEMINI_API_KEY={key.key_string}\n")
        watched.keyward("scan", scene.work)
        for _ in range(2):
            watched.keyward("rotate", "--due", "--yes", "-o", "json", "--new-ledger")
            scene.world.clock.advance(34 * 86400)
        watched.keyward("rotate", "--due", "--yes", "--verbose")
        watched.keyward("notify", "test")
        _looked_back(watched, ("due",), ("due", "-o", "json"))
        values = [one["key_string"] for one in scene.all_keys()]
        assert len(values) >= 2
        assert any("exit status 3" in text for _, text in listener.messages), "nobody was told of the consumer"
        channels = watched.channels(file, scene.config)  # the settings hold the token
        channels["what people are told"] = json.dumps(listener.got, default=bytes.decode).encode()
        assert leaks(channels, values) == []
        channels.pop("what people are told")
        assert leaks(channels, [TOKEN]) == []


def test_no_value_gets_out_of_a_swap(tmp_path, own_secret_service):
    watched = Watched(tmp_path, own_secret_service)
    with watched.scene as scene, Vendor() as vendor:
        old, second, third = (vendor.make() for _ in range(3))
        dead = BY_KIND["openai"].sample(random.Random()).decode()
        scene.settings(_parrot(tmp_path))
        file = scene.env(".env", f"OPENAI_API_KEY={old}\n")
        scene.ring("openai", "me", old)
        watched.keyward("scan", scene.work, **vendor.environ)
        (name,) = [one for one in watched.keyward("list", "-o", "ids").out.split() if one.startswith("shape:openai")]
        swap = ("swap", name, "--stdin", "--accept-targets", "--reason", "trial")
        for wrong in (old, dead, f"{second}\n{third}", "correct-horse-battery-staple"):
            assert watched.keyward(*swap, stdin=wrong, **vendor.environ).status in (2, 6)
        vendor.answer = (401, json.dumps({"error": {"message": f"Incorrect API key provided: {second}"}}).encode())
        watched.keyward(*swap, stdin=second, **vendor.environ)
        vendor.answer = None
        done = watched.keyward(*swap, stdin=second, **vendor.environ)
        assert second in file.read_text(), done.out + done.err
        vendor.delete(old)
        watched.keyward("swap", name, "--old-deleted", **vendor.environ)
        for _ in range(3):
            scene.world.clock.advance(90000)
            watched.keyward("resume", **vendor.environ)
        (next_name,) = [
            one for one in watched.keyward("list", "-o", "ids").out.split() if one.startswith("shape:openai")
        ]
        raw = _at_a_terminal(scene, next_name, third, vendor)
        watched.said.append(raw.decode("utf-8", "replace"))
        assert third in file.read_text()
        _looked_back(watched)
        for one in vendor.log:
            watched.urls.append(one[0])
        assert leaks(watched.channels(file), [old, second, third, dead]) == []


def _at_a_terminal(scene, key, value, vendor):
    environ = {**scene.environ(**vendor.environ)}
    with terminal(["-m", "keyward", "swap", key, "--accept-targets"], scene.home, columns=200, **environ) as screen:
        screen.wait("Type 'swap 1 key' to go on:")
        screen.settle()
        screen.send("swap 1 key\r")
        screen.wait("The new key (not shown")
        screen.settle()
        screen.send(f"{value}\r")
        screen.wait("[d]eleted now")
        screen.settle()
        with contextlib.suppress(OSError):
            screen.send("\x03")
        return screen.raw


def test_no_value_gets_out_of_an_import(tmp_path):
    watched = Watched(tmp_path)
    with watched.scene as scene:
        key = scene.key("outside")
        scene.secret("taken", "something else")
        scene.settings(_parrot(tmp_path))
        watched.keyward("scan", "--values", "all")
        name = scene.key_id(key)
        watched.keyward("import", name, "--to", "gsm:acme-prod/made", "--dry-run")
        watched.keyward("import", name, "--to", "gsm:acme-prod/taken", "--yes", "--reason", "trial")
        done = watched.keyward("import", name, "--to", "gsm:acme-prod/made", "--yes", "--reason", "trial")
        assert done.status == 0, done.err
        assert scene.current("made").decode().strip() == key.key_string
        watched.keyward("import", key.key_string, "--to", f"gsm:acme-prod/{key.key_string}", "--yes")
        _looked_back(watched, ("import", "--help"))
        assert leaks(watched.channels(), [key.key_string]) == []
