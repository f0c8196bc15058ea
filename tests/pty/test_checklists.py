"""A checklist at a real terminal: run for a project, one item put off, one stated; the command finds the same, and the cloud is not touched."""

import pytest

from tests.parts.terminal import ESCAPE
from tests.pty.conftest import ARMED, into_write_mode

pytestmark = pytest.mark.pty


def words(scene):
    """What the command finds, by item."""
    done = scene.keyward("checklist", "run", "gemini-data", "--project", "acme-prod", "-o", "json")
    return {one["item"]: one for one in done.json["subjects"][0]["answers"]}


def test_what_is_said_in_the_app_is_what_the_command_knows(judged):
    with judged.app() as term:
        term.wait("EMULATOR", "READ-ONLY", "3 keys")
        term.settle()
        term.press("7")
        term.wait("Checklists", "A departing colleague", "any project")
        term.settle()
        term.send("/gemini-data\r")
        term.wait("1 of ", "Enter asks which, and runs it")
        term.press("\r")
        term.wait("for which project?", "Known: acme-prod.")
        term.settle(ARMED)
        term.send("acme-prod")
        term.settle()
        term.press("\r")
        term.wait("project:acme-prod", " done · ", "sources seen", "nobody has stated it yet")
        term.settle()
        term.send("/human-review\r")
        term.wait("1 of ", "gemini.human-review")
        term.settle()
        term.press("s")
        term.wait("State: read-only: W switches to write mode.")
        into_write_mode(term)
        term.settle()
        term.send("s\r\rtyped ahead\r\r")  # nothing is said by that
        term.wait("State that it holds:", "Cancel")
        term.settle(ARMED)
        assert "typed ahead" not in term.text
        for text in ("All were told.", "everybody", "https://a.example/1", ""):
            term.send(text)
            term.settle()
            term.press("\r")
        term.press("\r")
        term.wait_gone("State that it holds:")
        term.wait("attested", "stated it on", "All were told.", "days left")
        term.settle()
        term.press(ESCAPE)
        term.settle()
        term.send("/abuse-55\r")
        term.wait("1 of ", "gemini.abuse-55")
        term.settle()
        term.press("p")
        term.wait("Put it off for 30 days")
        term.settle(ARMED)
        term.send("after the holidays")
        term.settle()
        term.press("\r", "\r")
        term.wait("unknown, later", "skipped by", "after the holidays")
        term.settle()
        term.press(ESCAPE)
        term.settle()
        term.press(ESCAPE)
        term.wait("gemini-data", "project:acme-prod", "STATED", " 1 of ")
        term.settle()
        term.press("q")
        assert term.end() == 0
    found = words(judged)
    stated, later = found["gemini.human-review"], found["gemini.abuse-55"]
    assert (stated["result"], stated["statement"]["says"]) == ("attested", "All were told.")
    assert stated["statement"]["evidence"] == "https://a.example/1"
    assert (later["result"], later["needs_person"]) == ("unknown", True)
    assert "after the holidays" in later["evidence"][0]
    assert judged.changes() == []
    assert not [key for key in judged.keys if key.key_string.encode() in term.raw]
