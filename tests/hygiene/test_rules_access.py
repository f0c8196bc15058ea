"""Rules on who may read all values of a project."""

import pytest

from keyward.hygiene.rules import BY_ID
from keyward.model.about import CUSTOM, CUSTOM_READER, UNDER_A_CONDITION, Held, Known
from keyward.model.credential import Kind, State
from keyward.model.source import SourceReport, SourceStatus
from tests.parts.estate import PROJECT, about, estate, judged, key, results, secret

STRINGS, VALUES = BY_ID["KW-504"], BY_ID["KW-505"]
SUBJECT = f"project:{PROJECT}"
ABOVE = "roles on a folder were not asked for"
ACCESSOR = "roles/secretmanager.secretAccessor"
WEB = secret()
ANA = "user:ana@acme.example"


def held(member, role, *notes):
    return str(Held(member, role, notes))


def keys(*lines, **more):
    return about(SUBJECT, "key-readers", *lines, detail=ABOVE, **more)


def secrets(*lines, **more):
    return about(SUBJECT, "readers", *lines, detail=ABOVE, **more)


def test_a_line_is_read_as_it_is_written():
    for one in (Held(ANA, "roles/viewer"), Held(ANA, "projects/p/roles/x", (CUSTOM, UNDER_A_CONDITION))):
        assert Held.of(str(one)) == one


@pytest.mark.parametrize("role", ["viewer", "reader", "editor", "writer"])
def test_who_holds_a_basic_role_reads_the_strings_of_all_keys(role):
    (found,) = judged(STRINGS, PROJECT, estate(key(), keys(held(ANA, f"roles/{role}"), held(ANA, "roles/owner"))))
    assert found.evidence == (f"{ANA} may read them all by roles/{role} on the project", ABOVE)
    assert found.fix.commands == (
        f"gcloud projects remove-iam-policy-binding {PROJECT} --member={ANA} --role=roles/{role} --condition=None",
    )


def test_what_a_policy_names_is_one_word_of_a_command():
    (found,) = judged(STRINGS, PROJECT, estate(key(), keys(held("principalSet://a/b;date", "roles/viewer"))))
    assert "'--member=principalSet://a/b;date'" in found.fix.commands[0]


def test_so_does_a_whole_domain_and_everybody():
    lines = [held("allUsers", "roles/owner"), held("domain:acme.example", "roles/serviceusage.apiKeysViewer")]
    (found,) = judged(STRINGS, PROJECT, estate(key(), keys(*lines)))
    assert found.evidence[0].startswith("anyone on the internet may read them all by roles/owner")
    assert len(found.fix.commands) == 2


def test_owners_who_was_given_keys_and_google_itself_are_fine():
    google = "serviceAccount:1@cloudservices.gserviceaccount.com"
    lines = [held(ANA, "roles/owner"), held(ANA, "roles/serviceusage.apiKeysAdmin"), held(google, "roles/editor")]
    assert results(STRINGS, PROJECT, estate(key(), keys(*lines))) == ["pass"]
    assert results(STRINGS, PROJECT, estate(key(), keys())) == ["pass"]
    gone = "deleted:user:bea@acme.example?uid=1"
    assert results(STRINGS, PROJECT, estate(key(), keys(held(gone, "roles/viewer")))) == ["pass"]
    imposter = "user:x@gcp-sa-x.iam.gserviceaccount.com"
    assert results(STRINGS, PROJECT, estate(key(), keys(held(imposter, "roles/editor")))) == ["fail"]


def test_it_is_about_projects_with_api_keys_or_keys_that_were_not_listed():
    facts = (keys(held(ANA, "roles/viewer")),)
    for other in (key(state=State.DELETED), key(kind=Kind.SA_KEY), key(provider="shape"), key(project="acme-dev"), WEB):
        assert results(STRINGS, PROJECT, estate(other, *facts)) == []
    assert results(STRINGS, PROJECT, estate(key(kind=Kind.AUTH_KEY), *facts)) == ["fail"]
    hidden = {"a": SourceReport(f"google-api-keys:{PROJECT}", SourceStatus.DENIED)}
    assert results(STRINGS, PROJECT, estate(*facts, sources=hidden)) == ["fail"]
    hidden = {"a": SourceReport(f"gsm:{PROJECT}", SourceStatus.DENIED)}
    assert results(STRINGS, PROJECT, estate(*facts, sources=hidden)) == []


def test_who_may_read_every_secret_of_a_project_is_told():
    (found,) = judged(
        VALUES, PROJECT, estate(WEB, secrets(held(ANA, ACCESSOR), held("domain:acme.example", "roles/owner")))
    )
    assert found.evidence == (
        f"{ANA} may read them all by {ACCESSOR} on the project",
        "domain:acme.example may read them all by roles/owner on the project",
        ABOVE,
    )
    assert found.fix.commands[0].endswith(f"--member={ANA} --role={ACCESSOR} --condition=None")


def test_owners_administrators_and_what_another_rule_tells_are_no_finding():
    lines = [held(ANA, "roles/owner"), held(ANA, "roles/secretmanager.admin"), held("allUsers", ACCESSOR)]
    assert results(VALUES, PROJECT, estate(WEB, secrets(*lines))) == ["pass"]


def test_it_is_about_projects_with_secrets_or_secrets_that_were_not_listed():
    facts = (secrets(held(ANA, ACCESSOR)),)
    file = secret("/home/ana/.env", store="env", plaintext=True)
    for other in (key(), file, secret(project="acme-dev")):
        assert results(VALUES, PROJECT, estate(other, *facts)) == []
    hidden = {"a": SourceReport(f"gsm:{PROJECT}", SourceStatus.DENIED)}
    assert results(VALUES, PROJECT, estate(*facts, sources=hidden)) == ["fail"]
    hidden = {"a": SourceReport(f"google-api-keys:{PROJECT}", SourceStatus.DENIED)}
    assert results(VALUES, PROJECT, estate(*facts, sources=hidden)) == []


@pytest.mark.parametrize(("rule", "fact", "of"), [(STRINGS, keys, key()), (VALUES, secrets, WEB)])
def test_a_policy_that_was_not_read_is_not_known(rule, fact, of):
    denied = fact(status=Known.DENIED)
    for facts in ((), (denied,)):
        (found,) = judged(rule, PROJECT, estate(of, *facts))
        assert found.result.value == "unknown"
        assert found.fix.commands == ("keyward scan --context",)


@pytest.mark.parametrize(
    ("rule", "fact", "of", "role"), [(STRINGS, keys, key(), "roles/viewer"), (VALUES, secrets, WEB, ACCESSOR)]
)
def test_a_custom_role_and_a_condition_leave_it_open(rule, fact, of, role):
    custom, bound = held(ANA, "projects/p/roles/x", CUSTOM), held(ANA, role, UNDER_A_CONDITION)
    for line in (custom, bound):
        (found,) = judged(rule, PROJECT, estate(of, fact(line)))
        assert (found.result.value, found.evidence) == ("unknown", (line,))
        assert found.fix.commands == (f"gcloud projects get-iam-policy {PROJECT}",)
    known = held(ANA, "projects/p/roles/x", CUSTOM_READER)
    ended = "fail" if rule is VALUES else "pass"  # who was given a role with keys was given keys
    assert results(rule, PROJECT, estate(of, fact(known))) == [ended]
    everybody = held("allUsers", "projects/p/roles/x", CUSTOM)
    assert results(rule, PROJECT, estate(of, fact(everybody))) == ["unknown"]
    assert results(rule, PROJECT, estate(of, fact(held(ANA, role), custom, bound))) == ["fail"]
    narrow = held(ANA, "roles/owner", UNDER_A_CONDITION)
    assert results(rule, PROJECT, estate(of, fact(narrow))) == ["pass"]
