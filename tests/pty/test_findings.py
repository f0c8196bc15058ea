"""From a finding to the plan that mends it at a real terminal, in a read-only app against the emulated cloud: nothing is changed."""

import pytest

from tests.parts.terminal import ESCAPE

pytestmark = pytest.mark.pty


def test_a_finding_leads_to_its_rule_its_key_its_plan_and_back(judged):
    with judged.app() as term:
        term.wait("EMULATOR", "READ-ONLY", "3 keys")
        term.settle()
        term.press("2")
        term.wait("Findings", "Key older than allowed", "not known", "sources seen")
        term.send("/KW-101 alpha\r")
        term.wait("1 of ", "300 days old; 90 days are allowed", "keyward rotate google-api-keys:acme-prod/")
        term.settle()
        term.press("e")
        term.wait("The rule", "cis-gcp-5.0", "Or accept it")
        term.press(ESCAPE)
        term.wait_gone("The rule")
        term.press("\r")
        term.wait("alpha", "[Overview]", "PROD")
        term.press("f")
        term.wait("[Findings]", "KW-101  Key older than allowed")
        term.press(ESCAPE)
        term.wait("SEVERITY")
        term.settle()
        term.press("r")
        term.wait("a plan: nothing has been changed", "READ-ONLY")
        term.settle()
        term.send("a\r\r")  # typed ahead: nothing is begun
        term.settle(0.6)
        term.press(ESCAPE)
        term.wait("SEVERITY", "1 of ")
        term.settle()
        term.press("3")
        term.wait("Providers", "Gemini", "TRAINS", "READ-ONLY")
        term.settle()
        term.press("1")
        term.wait("LAST USE")
        term.settle()
        term.press("q")
        assert term.end() == 0
        assert judged.changes() == []
        assert not [key for key in judged.keys if key.key_string.encode() in term.raw]


def test_keys_pressed_in_one_burst_open_no_plan_and_answer_nothing(judged):
    with judged.app(columns=80, lines=24) as term:
        term.wait("EMULATOR", "3 keys")
        term.settle()
        term.send("2rya\r\r2e\r")
        term.settle(1.0)
        term.send(f"{ESCAPE}{ESCAPE}")
        term.settle(0.6)
        term.send("\x11")
        assert term.end() == 0
        assert judged.changes() == []
