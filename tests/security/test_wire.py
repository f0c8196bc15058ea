"""What others wrote, on its way through the real program to a real terminal: no byte of it is an order, and none of it ends the app.

Each text has a name of its own and what would do something behind it. It must be seen, with the harmless sign in the place of the order:
that it was made harmless where it entered, and not only at the last door of the app.
"""

import json
import sqlite3
from datetime import timedelta

import pytest

from keyward.emulator.faults import Fault
from keyward.emulator.usage import Usage
from keyward.model.text import REPLACEMENT
from tests.parts.emulator import START
from tests.parts.hostile import orders
from tests.parts.scene import PROJECT, Scene
from tests.parts.terminal import ESCAPE, terminal

pytestmark = pytest.mark.pty
ENTER = "\r"
MARKUP = "[/no][b]x[/b]"
ORDER = "\x1b]52;c;eA==\x07\x9b31m\u202e"


def odd(name):
    """A text that begins with its name."""
    return f"{name}{ORDER}{MARKUP}"


def _planted(scene):
    """A world in which everything that somebody could name is named so; gives the key that is in it."""
    key = scene.key(
        odd("KeyName"),
        annotations={"owner": odd("Owner")},
        restrictions={"apiTargets": [{"service": odd("Service")}]},
    )
    scene.key("in pages", restrictions={"browserKeyRestrictions": {"allowedReferrers": [odd("Referrer")]}})
    readers = {"bindings": [{"role": odd("Role"), "members": [odd("Member")]}]}
    scene.secret("app", key.key_string, labels={"team": odd("Label")}, policy=readers)
    scene.secret(f"SecretId{ORDER}", "x")
    project = scene.world.project(PROJECT)
    project.bindings, project.name = [{"role": "roles/owner", "members": [odd("Owning")]}], odd("ProjectName")
    scene.world.state(Usage).record(key.project, key.uid, odd("Usage"), count=7, when=START - timedelta(days=9))
    scene.env(odd("File").replace("/", "") + "/.env", f"GEMINI_API_KEY={key.key_string}\n")
    closed = scene.world.new_project("acme-closed")
    scene.world.faults.add(
        Fault(
            path=f"projects/({closed.id}|{closed.number})/", times=-1, status="PERMISSION_DENIED", message=odd("Body")
        )
    )
    scene.settings(
        '[scan]\nread_values = ["all"]\n[[consumer]]\nmatch = "*"\n'
        f'run = ["true", "Consumer{MARKUP}"]\n[rotation]\nhome = "gsm:acme-prod/Home{MARKUP}"\n'
    )
    return key


def _rewritten(scene):
    """The ledger, as somebody left it who can write its database."""
    with sqlite3.connect(scene.home / "state" / "ledger.db") as ledger:
        for (trigger,) in ledger.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            ledger.execute(f"DROP TRIGGER {trigger}")
        ledger.execute(
            "UPDATE rotation SET actor = ?, host = ?, reason = ?, why = ?, waiting_on = 'person'",
            [odd(name) for name in ("Actor", "Host", "Reason", "Why")],
        )
        ledger.execute("UPDATE event SET actor = ?, host = ?", (odd("Actor"), odd("Host")))
        evidence = json.dumps(odd("Evidence"))
        ledger.execute(
            "UPDATE event SET detail = json_set(detail, '$.evidence', json(?)) WHERE kind = 'outcome'", (evidence,)
        )
    ledger.close()


WALK = (
    (ESCAPE, "KeyName", "Service"),
    ("/restricted:", "Service"),
    (ESCAPE, "KeyName"),
    (ESCAPE, "KeyName"),
    (ENTER, "Overview", "Owner", "Label", "Why"),
    ("\x12", "Member", "Owning"),
    ("u", "Usage"),
    ("w", f"Consumer{MARKUP}"),
    ("t", "Actor", "Host"),
    ("y", "Copy of KeyName"),
    (ESCAPE, "Timeline"),
    (ESCAPE, "LAST USE"),
    ("j", "restricted", "in pages"),
    ("r", "in the way", "Referrer"),
    (":", "Search for commands"),
    ("apply", "plan.apply", "Not now", "Referrer"),
    (ESCAPE, "in the way"),
    (ESCAPE, "LAST USE"),
    ("4", "KeyName", "Why", "Actor"),
    (ENTER, "Evidence", "Actor", "Host"),
    (ESCAPE, "UNDO"),
    ("R", "Rotation"),
    (ESCAPE, "UNDO"),
    (ESCAPE, "LAST USE"),
    ("d", "Body"),
    (ESCAPE, "LAST USE"),
    ("6", f"Home{MARKUP}"),
    ("/rotation.home", "1 of"),
    (ENTER, "rotation.home"),
    (ENTER, "[rotation]", f"Home{MARKUP}"),
    (ESCAPE, "rotation.home"),
)
"""What is pressed, and what has to be seen then: names of odd texts, and words of the app."""
ODD = ("KeyName", "Service", "Owner", "Label", "Member", "Owning", "Usage", "Why", "Actor", "Host", "Referrer", "Evidence", "Body", "Kept")  # fmt: skip


def test_nothing_that_others_wrote_is_an_order_on_the_wire(tmp_path):
    with Scene(tmp_path / "home") as scene:
        key = _planted(scene)
        assert scene.keyward("scan", scene.work).status == 3
        done = scene.keyward("rotate", scene.key_id(key), "--accept-targets", "--yes", "--reason", odd("Reason"))
        assert done.status == 0, done.err
        _rewritten(scene)
        (scene.home / "state" / "app.json").write_text(json.dumps({"form": 1, "filter": odd("Kept")}))
        with terminal(["-m", "keyward", "--write"], scene.home, columns=200, lines=60, **scene.environ()) as term:
            term.wait(f"Kept{REPLACEMENT}")
            for keys, *seen in WALK:
                (term.press if keys == ESCAPE else term.send)(keys)  # what was there is on the screen already
                term.wait(*(f"{one}{REPLACEMENT}" if one in ODD else one for one in seen))
            term.send("\x11")
            assert term.end() == 0
            assert orders(term.raw) == []
