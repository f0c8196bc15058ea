"""Each evaluator: it holds, it does not, nobody can tell, there is nothing to judge."""

import subprocess
from dataclasses import replace
from datetime import date

import pytest

from keyward.checklists.evaluators import EVALUATORS
from keyward.checklists.ground import Ground, Issued, Machine
from keyward.checklists.item import Item, Kind, Subject, SubjectKind
from keyward.checklists.result import Word
from keyward.hygiene.exempt import Exempt
from keyward.hygiene.leaks import hook
from keyward.hygiene.leaks.git import Git
from keyward.hygiene.policy import Override, Policy
from keyward.model.about import Known
from keyward.model.credential import Restrictions, State
from keyward.model.ids import CredentialRef
from keyward.model.query import parse
from keyward.model.source import SourceReport, SourceStatus
from tests.parts.estate import NOW, about, estate, key, place, secret

PROJECT = Subject(SubjectKind.PROJECT, "acme-prod")
HOST = Subject(SubjectKind.MACHINE, "here")
OPEN, VISION = Restrictions((), None), Restrictions(("vision.googleapis.com",), "ip", ("203.0.113.4",))
READ = (SourceReport("google-api-keys:acme-prod", SourceStatus.OK), SourceReport("gsm:acme-prod", SourceStatus.OK))


def ground(world, *sources, scanned=NOW, policy=None, rules=("KW-401", "KW-402", "KW-701"), **machine):
    world = replace(world, sources={one.id: one for one in sources or READ}, projects=("acme-prod", "acme-dev"))
    stores = frozenset({"env", "keyring"})
    issued = {"openai": Issued(frozenset({"openai"}), frozenset({"openai"}))}
    return Ground(world, policy or Policy(now=NOW), scanned, Machine("here", stores=stores, **machine), rules, issued)


def outcome(check, subject, basis, **item):
    made = Item("acme.one", "One", "Why.", Kind.AUTO, check=check, **item)
    return EVALUATORS[check].evaluate(made, subject, basis)


def ruled(basis, *rules, subject=PROJECT, needs=("google-api-keys",)):
    return outcome("rules", subject, replace(basis, rules=rules), rules=rules, needs=needs)


def test_rules_are_what_check_says_of_the_subject():
    sound, opened, other = (
        key("sound", restrictions=VISION),
        key("open", restrictions=OPEN),
        key(project="acme-dev", restrictions=OPEN),
    )
    assert ruled(ground(estate(sound, other)), "KW-401").word is Word.PASS
    found = ruled(ground(estate(sound, opened)), "KW-401")
    assert found.word is Word.FAIL
    assert "KW-401 google-api-keys:acme-prod/open" in found.evidence[0]
    assert found.fix.commands


def test_what_is_broken_but_not_bad_or_accepted_is_a_warning():
    ownerless = key("one", restrictions=VISION)
    labels = about("project:acme-prod", "labels", "env=prod")
    assert ruled(ground(estate(ownerless, labels)), "KW-701").word is Word.WARN
    worse = Policy([Override("KW-701", parse("project:*"), severity=None)], now=NOW)
    assert ruled(ground(estate(ownerless, labels), policy=worse), "KW-701").word is Word.WARN
    opened = key("open", restrictions=OPEN)
    exempt = Policy([], [Exempt("KW-401", parse("project:acme-prod"), "ana", date(2027, 1, 1), "why")], now=NOW)
    found = ruled(ground(estate(opened), policy=exempt), "KW-401")
    assert (found.word, "ana accepts it until 2027-01-01" in found.evidence[0]) == (Word.WARN, True)


def test_a_failure_weighs_more_than_what_is_not_known_and_that_more_than_a_warning():
    opened, unseen = key("open", restrictions=OPEN), key("unseen", restrictions=None)
    assert ruled(ground(estate(opened, unseen)), "KW-401").word is Word.FAIL
    plain = key("plain", restrictions=VISION)
    labels = about("project:acme-prod", "labels", "env=prod")
    found = ruled(ground(estate(plain, unseen, labels)), "KW-401", "KW-701")
    assert found.word is Word.UNKNOWN
    assert any("restrictions are not known" in one for one in found.evidence)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (None, "google-api-keys of acme-prod was not asked"),
        (
            SourceReport("google-api-keys:acme-prod", SourceStatus.DENIED, permission="apikeys.keys.list"),
            "it needs apikeys.keys.list",
        ),
        (SourceReport("google-api-keys:acme-prod", SourceStatus.DISABLED), "is disabled"),
        (SourceReport("google-api-keys:acme-prod", SourceStatus.PARTIAL), "is partial"),
        (SourceReport("google-api-keys:acme-prod", SourceStatus.OK, stale_since=NOW), "an earlier scan only"),
    ],
)
def test_what_was_not_read_to_its_end_is_never_a_pass(source, said):
    sources = [source] if source else [SourceReport("google-api-keys:acme-dev", SourceStatus.OK)]
    for world in (estate(), estate(key("sound", restrictions=VISION))):
        found = ruled(ground(world, *sources), "KW-401")
        assert found.word is Word.UNKNOWN
        assert any(said in one for one in found.evidence), found.evidence
    assert ruled(ground(estate(key("open", restrictions=OPEN)), *sources), "KW-401").word is Word.FAIL


def test_a_project_that_was_not_scanned_is_not_known():
    other = Subject(SubjectKind.PROJECT, "acme-else")
    found = ruled(ground(estate(key(restrictions=VISION))), "KW-603", subject=other, needs=())
    assert (found.word, found.evidence) == (Word.UNKNOWN, ("acme-else was not scanned",))


def test_without_a_scan_nothing_is_known_and_without_keys_nothing_applies():
    assert ruled(ground(estate(), scanned=None), "KW-401").word is Word.UNKNOWN
    assert ruled(ground(estate()), "KW-401").word is Word.NOT_APPLICABLE
    off = Policy([Override("KW-401", parse("project:*"), off=True)], now=NOW)
    assert ruled(ground(estate(key(restrictions=OPEN)), policy=off), "KW-401").word is Word.NOT_APPLICABLE


def test_a_key_a_provider_and_a_machine_are_subjects_too():
    one = key("one", restrictions=OPEN)
    assert (
        ruled(
            ground(estate(one), *READ, SourceReport("env:/srv/shop", SourceStatus.OK)),
            "KW-401",
            subject=Subject(SubjectKind.KEY, one.id),
        ).word
        is Word.FAIL
    )
    other = Subject(SubjectKind.KEY, "google-api-keys:acme-prod/other")
    assert (
        ruled(ground(estate(one), SourceReport("env:/srv/shop", SourceStatus.OK)), "KW-401", subject=other).word
        is Word.NOT_APPLICABLE
    )
    shaped = replace(key(restrictions=None, days=200), ref=CredentialRef("shape", "openai", ("abc",)))
    openai = Subject(SubjectKind.PROVIDER, "openai")
    local = SourceReport("env:/srv/shop", SourceStatus.OK)
    assert ruled(ground(estate(shaped), local), "KW-101", subject=openai).word is Word.FAIL
    assert ruled(ground(estate(one), local), "KW-101", subject=openai).word is Word.NOT_APPLICABLE
    assert ruled(ground(estate(), *READ), "KW-101", subject=openai).word is Word.UNKNOWN, (
        "nothing that could hold its keys was read"
    )
    file = secret("/srv/shop/.env", store="env", plaintext=True)
    held = ground(estate(one, file, place(one, file)), local)
    assert ruled(held, "KW-305", subject=HOST).word is Word.FAIL
    denied = ground(estate(), SourceReport("env:/srv/shop", SourceStatus.DENIED))
    assert ruled(denied, "KW-305", subject=HOST).word is Word.UNKNOWN
    assert ruled(ground(estate(), *READ), "KW-305", subject=HOST).word is Word.UNKNOWN


def test_billing_is_known_by_an_answer_only():
    for values, word in ((("on", "billingAccounts/1"), Word.PASS), (("off",), Word.FAIL)):
        assert outcome("billing", PROJECT, ground(estate(about("project:acme-prod", "billing", *values)))).word is word
    assert outcome("billing", PROJECT, ground(estate())).word is Word.UNKNOWN
    denied = about("project:acme-prod", "billing", status=Known.DENIED, detail="It needs resourcemanager.projects.get.")
    found = outcome("billing", PROJECT, ground(estate(denied)))
    assert (found.word, "resourcemanager.projects.get" in found.evidence[0]) == (Word.UNKNOWN, True)


def test_services_that_must_be_on_off_or_apart():
    on = ground(estate(about("project:acme-prod", "services", "a.googleapis.com", "maps-b.googleapis.com")))
    apart = {"where": "a.googleapis.com", "off": ["maps-*.googleapis.com"]}
    found = outcome("services", PROJECT, on, want=apart)
    assert (found.word, found.evidence) == (Word.FAIL, ("maps-b.googleapis.com is on",))
    assert outcome("services", PROJECT, on, want={**apart, "where": "c.googleapis.com"}).word is Word.NOT_APPLICABLE
    assert outcome("services", PROJECT, on, want={"off": ["fire*"]}).word is Word.PASS
    missing = outcome("services", PROJECT, on, want={"on": ["c.googleapis.com"]})
    assert missing.fix.commands == ("gcloud services enable c.googleapis.com --project=acme-prod",)
    assert outcome("services", PROJECT, ground(estate()), want=apart).word is Word.UNKNOWN


def test_an_organisation_policy_is_in_force_or_not_or_nobody_knows():
    want = {"any": ["iam.managed.x", "iam.x"]}

    def told(*values, **more):
        return outcome(
            "org-policy", PROJECT, ground(estate(about("project:acme-prod", "policies", *values, **more))), want=want
        )

    assert told("iam.managed.x=off", "iam.x=on").word is Word.PASS
    found = told("iam.managed.x=off", "iam.x=off")
    assert (found.word, "iam.managed.x or iam.x" in found.fix.text) == (Word.FAIL, True)
    assert told("iam.managed.x=conditional", "iam.x=off").word is Word.UNKNOWN
    assert told("iam.x=off").word is Word.UNKNOWN, "the other one was not asked"
    assert told(status=Known.DENIED, detail="It needs orgpolicy.policy.get.").word is Word.UNKNOWN
    assert outcome("org-policy", PROJECT, ground(estate()), want=want).word is Word.UNKNOWN


def test_reads_are_logged_for_everybody_or_not_or_nobody_knows():
    want = {"service": "secretmanager.googleapis.com", "log": "DATA_READ"}

    def told(*values, **more):
        return outcome(
            "audit-log", PROJECT, ground(estate(about("project:acme-prod", "audited", *values, **more))), want=want
        ).word

    assert told("secretmanager.googleapis.com=DATA_READ") is Word.PASS
    assert told("allServices=DATA_READ") is Word.PASS
    assert told("allServices=DATA_READ except user:a@b.example") is Word.FAIL
    assert told("allServices=DATA_WRITE", "storage.googleapis.com=DATA_READ") is Word.FAIL
    assert told() is Word.FAIL
    assert told(status=Known.DENIED, detail="no") is Word.UNKNOWN
    assert outcome("audit-log", PROJECT, ground(estate()), want=want).word is Word.UNKNOWN


def test_accounts_with_keys_administer_nothing():
    account = "web@acme-prod.iam.gserviceaccount.com"
    bound, plain = key("bound", bound_identity=account), key("plain")
    admin = about("project:acme-prod", "administrators", f"serviceAccount:{account} (roles/editor)")
    other = about(
        "project:acme-prod", "administrators", "serviceAccount:x@acme-prod.iam.gserviceaccount.com (roles/owner)"
    )

    def told(*parts, sources=READ):
        return outcome("account-roles", PROJECT, ground(estate(*parts), *sources), needs=("google-api-keys",))

    found = told(bound, admin)
    assert (found.word, found.evidence) == (Word.FAIL, (f"serviceAccount:{account} holds roles/editor",))
    assert told(bound, other).word is Word.PASS
    assert told(plain, admin).word is Word.NOT_APPLICABLE
    assert told(replace(bound, state=State.DELETED), admin).word is Word.NOT_APPLICABLE
    assert told(bound).word is Word.UNKNOWN
    assert (
        told(bound, about("project:acme-prod", "administrators", status=Known.DENIED, detail="no")).word is Word.UNKNOWN
    )
    blind = (SourceReport("google-api-keys:acme-prod", SourceStatus.DENIED, permission="apikeys.keys.list"),)
    assert told(bound, other, sources=blind).word is Word.UNKNOWN, "another key may stand for an account that does"


def test_own_files_are_their_owners_alone(tmp_path):
    mine, open_one = tmp_path / "ledger.db", tmp_path / "odd name.toml"
    basis = ground(estate(), own=(("ledger", mine), ("settings", open_one)))
    assert outcome("own-files", HOST, basis).word is Word.NOT_APPLICABLE
    mine.touch(mode=0o600)
    assert outcome("own-files", HOST, basis).word is Word.PASS
    open_one.touch()
    open_one.chmod(0o640)
    found = outcome("own-files", HOST, basis)
    assert (found.word, "mode 0640" in found.evidence[0]) == (Word.FAIL, True)
    subprocess.run(["sh", "-c", found.fix.commands[0]], check=True)
    assert outcome("own-files", HOST, basis).word is Word.PASS
    assert outcome("own-files", Subject(SubjectKind.MACHINE, "elsewhere"), basis).word is Word.UNKNOWN


def test_every_repository_has_the_hook(tmp_path):
    assert outcome("git-hooks", HOST, ground(estate())).word is Word.UNKNOWN, "no folder is named"
    basis = ground(estate(), folders=(tmp_path,))
    assert outcome("git-hooks", HOST, basis).word is Word.NOT_APPLICABLE
    repository = tmp_path / "team" / "app"
    subprocess.run(["git", "init", "-q", repository], check=True)
    found = outcome("git-hooks", HOST, basis)
    assert (found.word, found.fix.commands) == (Word.FAIL, (f"keyward leaks hook install {repository}",))
    import os

    file = hook.install(Git(repository, os.environ), ["true"])
    assert outcome("git-hooks", HOST, basis).word is Word.PASS
    file.chmod(0o644)
    assert outcome("git-hooks", HOST, basis).word is Word.FAIL, "git runs no hook that is not executable"
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)
    assert outcome("git-hooks", HOST, basis).word is Word.FAIL, "another hook is not keyward's"
    assert outcome("git-hooks", Subject(SubjectKind.MACHINE, "elsewhere"), basis).word is Word.UNKNOWN


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (State.ACTIVE, Word.FAIL),
        (State.DELETED, Word.PASS),
        (State.RESTORABLE, Word.PASS),
        (State.DISABLED, Word.PASS),
        (State.UNKNOWN, Word.UNKNOWN),
    ],
)
def test_a_leaked_key_is_dead_or_not_or_nobody_knows(state, word):
    one = key(state=state)
    subject = Subject(SubjectKind.KEY, one.id)
    assert outcome("dead", subject, ground(estate(one))).word is word
    assert outcome("dead", subject, ground(estate())).word is Word.UNKNOWN


def test_what_a_leaver_could_read_is_replaced():
    who = Subject(SubjectKind.PERSON, "Mary@acme.example")
    one, web = key(), secret()
    may = about(str(web.ref), "readers", "user:mary@acme.example (roles/secretmanager.secretAccessor)")
    others = about(str(web.ref), "readers", "user:ana@acme.example (roles/secretmanager.secretAccessor)")
    whole = about("project:acme-prod", "readers", "user:mary@acme.example (roles/secretmanager.secretAccessor)")
    for fact in (may, whole):
        found = outcome("leaver", who, ground(estate(one, web, place(one, web), fact)))
        assert (found.word, found.fix.commands) == (Word.FAIL, (f"keyward rotate {one.id}",))
    dead = replace(one, state=State.DELETED)
    assert outcome("leaver", who, ground(estate(dead, web, place(dead, web), may))).word is Word.FAIL, (
        "the policy still names her"
    )
    assert outcome("leaver", who, ground(estate(one, web, place(one, web), others))).word is Word.PASS
    assert (
        outcome("leaver", who, ground(estate(one, web, others, unread=frozenset({str(web.ref)})))).word is Word.UNKNOWN
    )
    assert outcome("leaver", who, ground(estate(one, web))).word is Word.UNKNOWN
    refused = about("project:acme-prod", "readers", status=Known.DENIED, detail="no")
    assert outcome("leaver", who, ground(estate(one, web, others, refused))).word is Word.UNKNOWN


def test_each_evaluator_is_in_use_or_for_lists_of_users():
    from keyward.checklists.library import library

    used = {item.check for one in library().lists for item in one.items if item.check}
    assert used == set(EVALUATORS)
