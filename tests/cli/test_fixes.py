"""Every rule's printed fix works: its command lines are run as they are printed, and the finding is gone after the next scan.

One world for all: what the sample organisation has, and a little more. Of `keyward` only the agreement of a person is added, of `gcloud`
what only a person knows stands in capitals in the printed line and is filled in here.
"""

import importlib
import shlex
import subprocess

import pytest

from keyward.emulator.accountkeys.state import AccountKeys
from keyward.emulator.behaviour import quick
from keyward.emulator.clock import Clock
from keyward.emulator.organisation import build
from keyward.emulator.secretmanager.book import Book
from keyward.emulator.secretmanager.resources import Parent, Ref
from keyward.emulator.world import World
from keyward.hygiene.rules import RULES
from tests.parts.emulator import START
from tests.parts.need import require
from tests.parts.scene import Scene

BY_KEYWARD = {
    "KW-101": "Web shop assistant",
    "KW-105": "bigquery-export@acme-data-prod",
    "KW-201": "quick test",
    "KW-202": "google-api-keys:acme-dev/f425a31c",
    "KW-301": "storage-uploader@acme-prod",
    "KW-401": "PoC vendor X",
    "KW-404": "google-api-keys:acme-dev/1a424dbf",
    "KW-405": "Review summaries (batch)",
    "KW-406": "ci-deployer@acme-ops",
    "KW-407": "google-sa-keys:acme-dev/sandbox",
}
"""Whose finding of the rule is mended: a part of its id, or its name."""

BY_GCLOUD = {
    "KW-402": "Image moderation",
    "KW-501": "gsm:acme-dev/empty-for-now",
    "KW-502": "gsm:acme-maps-prod/finder-session",
    "KW-506": "gsm:acme-stg/load-test",
    "KW-507": "gsm:acme-data-prod/bigquery-export-key",
    "KW-701": "google-sa-keys:acme-legacy",
}

PERSON_SAYS = {
    "NAME@acme-data-prod": "notebooks@acme-data-prod",
    "ADDRESSES": "203.0.113.4",
    "TOPIC": "projects/acme-dev/topics/rotation",
    "TIME": "2027-02-20T00:00:00Z",
    "OWNER": "intranet",
}

LIKE = {
    "KW-102": "KW-101",
    "KW-103": "KW-105",
    "KW-104": "KW-105",
    "KW-302": "KW-201",
    "KW-403": "KW-401",
}
"""Made by the same function as the other rule's, so it is the same line."""

ELSEWHERE = {
    "KW-306": "test_check_values::test_a_file_that_others_may_read_is_closed_by_the_line_that_is_printed",
    "KW-307": "test_check_values::test_white_space_in_secret_manager_is_taken_off_by_the_line_that_is_printed",
    "KW-409": "test_check_fixes::test_replacing_a_key_that_is_reported_leaked_ends_the_finding",
    "KW-504": "test_check_fixes::test_taking_a_wide_role_away_ends_that_it_reads_everything",
    "KW-505": "test_check_fixes::test_taking_a_wide_role_away_ends_that_it_reads_everything",
    "KW-601": "test_check_fixes::test_linking_a_billing_account_ends_that_nobody_pays_for_production",
    "KW-602": "test_check_fixes::test_a_budget_ends_that_nobody_counts_what_is_spent",
    "KW-603": "test_check_fixes::test_an_alert_that_somebody_hears_ends_that_nobody_is_told_of_use",
    "KW-901": "test_check_leaks::test_a_history_is_told_until_its_key_is_dead",
}
"""Tried in another file, which plants what the sample organisation does not have."""

PERSON = {
    "KW-303": "who uses which copy is known to nobody but the users",
    "KW-304": "what uses it in which environment has to be set up anew",
    "KW-305": "what reads the file has to read another place",
    "KW-308": "which of the places is the one, and who reads the others",
    "KW-309": "the value that belongs there",
    "KW-310": "a program has to send it otherwise",
    "KW-408": "which of the keys nobody uses",
    "KW-503": "who needs it",
    "KW-702": "the decision that it waits for",
    "KW-703": "why no run came by",
    "KW-704": "whether it is still accepted, in the person's own file",
    "KW-705": "what was agreed with the provider",
    "KW-706": "whether it still holds",
    "KW-707": "whether it will still hold",
    "KW-801": "whether that use was meant",
    "KW-802": "whether that use was meant",
    "KW-803": "whether that use was meant",
    "KW-804": "what failed",
    "KW-805": "who still has it",
}
"""What only a person can do, and why."""

WITHOUT_A_QUESTION = {
    "rotate": ("--accept-targets", "--yes"),
    "revoke": ("--yes", "--reason", "trial"),
    "disable": ("--yes", "--reason", "trial"),
    "enable": ("--yes", "--reason", "trial"),
}
AT_ONCE = ("--grace", "0s", "--retire", "now", "--reason", "trial", "--wait=cut-over")
FAST = 1_000.0
"""How many times faster than here the cloud's time goes while a key is replaced."""
SOAK = 4 * 86_400
OF_TIME = {"KW-101", "KW-103", "KW-105", "KW-201", "KW-202", "KW-507"}
"""Rules that time alone breaks: days go by until the old keys are gone."""


def test_every_rule_has_a_fix_that_was_tried_or_a_reason_why_none_can_be():
    tables = (BY_KEYWARD, BY_GCLOUD, LIKE, ELSEWHERE, PERSON)
    assert sorted(rule for table in tables for rule in table) == sorted(rule.id for rule in RULES)
    assert set(LIKE.values()) <= {*BY_KEYWARD, *BY_GCLOUD}
    for rule, place in ELSEWHERE.items():
        module, _, name = place.partition("::")
        assert callable(getattr(importlib.import_module(f"tests.cli.{module}"), name, None)), (rule, place)


class Mending:
    """The world, what was wrong in it at first, and what was done about it."""

    def __init__(self, home):
        self.world = World(seed=1, clock=Clock(START, 0), behaviour=quick())
        first = build(self.world, "demo", 1).data["projects"][0]["id"]
        self.scene = Scene(home, world=self.world)
        self.scene.emulator.project = first
        keys = self.world.state(AccountKeys)
        for key in keys.of("storage-uploader@acme-prod.iam.gserviceaccount.com"):
            keys.switch(key, "USER_INITIATED")
        for key in keys.of("ci-deployer@acme-ops.iam.gserviceaccount.com"):
            keys.expose(key, "EXPOSED", "Found in a public repository.")
        number = self.world.known("acme-maps-prod").number
        shown = self.world.state(Book).get(Ref(Parent(str(number)), "finder-session"))
        shown.policy = {"bindings": [{"role": "roles/secretmanager.secretAccessor", "members": ["allUsers"]}]}
        self.scene.settings('[scan]\nread_values = ["all"]\n')

    def check(self):
        """Every broken rule by the id of the finding, after a scan."""
        self.scene.keyward("scan", "--context")
        findings = self.scene.keyward("check", "-o", "json").json["findings"]
        return {one["id"]: one for one in findings if one["result"] == "fail"}

    def chosen(self, table):
        """The finding of each rule that is mended."""
        found = {}
        for rule, whose in table.items():
            rows = [one for one in self.before.values() if one["rule"] == rule]
            named = [one for one in rows if whose in one["subject"] or whose == one["name"]]
            assert named, (rule, [(one["subject"], one["name"]) for one in rows])
            found[rule] = named[0]
        return found

    def keyward(self, line):
        """Run it as a person does who agrees."""
        program, *words = shlex.split(line)
        assert program == "keyward", line
        for said, by in PERSON_SAYS.items():
            words = [word.replace(said, by) for word in words]
        more = (
            *WITHOUT_A_QUESTION[words[0]],
            *(AT_ONCE if words[0] == "rotate" and "--emergency" not in words else ()),
        )
        return self.run(*words, *more, fast=words[0] == "rotate")

    def run(self, *words, fast=False):
        """Run keyward, where it waits with the cloud's time going fast."""
        self.world.clock.set_rate(FAST if fast else 1.0)
        done = self.scene.keyward(*words)
        self.world.clock.set_rate(0.0)
        return done


@pytest.fixture(scope="module")
def organisation(tmp_path_factory):
    """The sample organisation before anything is mended."""
    made = Mending(tmp_path_factory.mktemp("fixes") / "scene")
    with made.scene:
        made.before = made.check()
        made.table = made.scene.keyward("check").out
        yield made


@pytest.fixture(scope="module")
def mended(organisation):
    """The same after the fixes that are keyward's own commands: one of each rule, then one scan."""
    chosen = organisation.chosen(BY_KEYWARD)
    said = {rule: [organisation.keyward(line) for line in one["fix"]["commands"]] for rule, one in chosen.items()}
    organisation.world.clock.advance(SOAK)
    retired = organisation.run("resume", "--wait=dead", fast=True)
    assert retired.status == 0, retired.err
    return organisation, chosen, said, organisation.check()


@pytest.mark.parametrize("rule", BY_KEYWARD)
def test_what_keyward_is_told_to_do_ends_the_finding(mended, rule):
    _, chosen, said, after = mended
    assert said[rule], "a command is printed"
    for done in said[rule]:
        assert done.status == 0, done.err
    assert chosen[rule]["id"] not in after


def test_nothing_else_broke(mended):
    organisation, chosen, _, after = mended
    before = {(one["rule"], one["subject"]) for one in organisation.before.values()}
    rotated = {one["subject"] for one in chosen.values() if "keyward rotate" in one["fix"]["commands"][0]}
    keys = organisation.scene.keyward("list", "-o", "json").json["keys"]
    successors = {key["id"] for key in keys if (key["created_at"] or "") > "2026-11-20T12"}
    assert len(successors) == len(rotated)
    inherited = {rule for rule, subject in before if subject in rotated}
    enabled = chosen["KW-301"]["subject"]  # what is on again breaks what it broke before it was off
    found = {(one["rule"], one["subject"]) for one in after.values() if one["subject"] != enabled} - before
    broke = {
        (rule, subject)
        for rule, subject in found
        if (rule not in inherited if subject in successors else rule not in OF_TIME)
    }
    assert broke == set()


def in_ci(rules):
    """gcloud takes a second and a half to start: one rule of each of its groups of commands in CI, all on demand."""
    once = ("KW-402", "KW-506", "KW-701")
    return [pytest.param(rule, marks=[] if rule in once else pytest.mark.slow) for rule in rules]


@pytest.mark.parametrize("rule", in_ci(BY_GCLOUD))
def test_what_gcloud_is_told_to_do_ends_the_finding(organisation, tmp_path, rule):
    require("gcloud")
    scene, one = organisation.scene, organisation.chosen({rule: BY_GCLOUD[rule]})[rule]
    assert one["fix"]["commands"], "a command is printed"
    for line in one["fix"]["commands"]:
        assert line.startswith("gcloud ")
        for said, by in PERSON_SAYS.items():
            line = line.replace(said, by)  # noqa: PLW2901  # the same line, with what a person knows
        environ = scene.environ(CLOUDSDK_CONFIG=str(tmp_path), LANG="C")
        done = subprocess.run(["sh", "-c", line], env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)  # fmt: skip
        assert done.returncode == 0, (line, done.stderr)
    scene.keyward("scan", "--context", "--project", one["scope"])
    found = scene.keyward("check", "--rule", rule, f"project:{one['scope']}", "-o", "json").json
    assert found["rules"][0]["pass"] or found["findings"]
    assert one["id"] not in {each["id"] for each in found["findings"]}


@pytest.mark.parametrize("rule", PERSON)
def test_what_only_a_person_can_do_says_what_and_where(organisation, rule):
    rows = [one for one in organisation.before.values() if one["rule"] == rule]
    for one in rows:
        assert one["subject"] in organisation.table
        assert one["fix"]["text"] in organisation.table
        assert one["fix"]["text"].endswith(".")
