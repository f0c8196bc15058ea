"""`keyward checklist` on an emulated cloud: proved where it can be proved, stated where not, never green for want of a permission."""

import json
import shutil

import pytest

from tests.cli.test_documents import check as fits
from tests.parts.repo import Repo
from tests.parts.scene import Scene
from tests.parts.terminal import terminal
from tests.parts.tls import Authority, serving

SOUND = {
    "apiTargets": [{"service": "generativelanguage.googleapis.com"}],
    "serverKeyRestrictions": {"allowedIps": ["203.0.113.4"]},
}
LIST = """schema = "keyward.checklist/1"
id = "acme"
version = 1
title = "Ours"
why = "Because."
about = ["project"]
take = ["gcp.api-restricted", "gcp.app-restricted", "gcp.secret-iam", "gcp.no-new-account-keys", "gemini.paid-tier", "any.law"]

[[item]]
id = "acme.reviewed"
title = "Somebody looked at it"
why = "Two see more than one."
kind = "attest"
attest_days = 10
fields = ["who"]
"""


@pytest.fixture
def planted(scene):
    """A project with an open key, a secret and a bill, and a list of the user's own."""
    scene.opened = scene.key("open", days=5, restrictions={})
    scene.secret("app", "text")
    scene.world.known("acme-prod").billing = ""
    lists = scene.home / "lists"
    lists.mkdir()
    (lists / "acme.toml").write_text(LIST)
    (lists / "acme.toml").chmod(0o600)
    scene.settings(f'[checklists]\nfiles = ["{lists}"]\n')
    scene.keyward("scan", "--context")
    return scene


def words(done, subject="project:acme-prod"):
    (found,) = [one for one in fits(done.json)["subjects"] if one["subject"] == subject]
    return {one["item"]: one["result"] for one in found["answers"]}


def run(scene, *more):
    return scene.keyward("checklist", "run", "acme", "--project", "acme-prod", "-o", "json", *more)


def state(scene, item, *more, **env):
    done = scene.keyward("checklist", "attest", item, "--project", "acme-prod", *more, **env)
    assert done.status == 0, done.err
    return done


LAW = [
    word for name in ("laws", "agreement", "transfer", "record", "deletion_route") for word in ("--field", f"{name}=x")
]


def test_a_list_turns_green_by_the_printed_fix_and_what_people_state_and_expires(planted):
    scene = planted
    first = run(scene)
    assert (first.status, first.json["exit_code"]) == (1, 1)
    assert words(first) == {
        "gcp.api-restricted": "fail", "gcp.app-restricted": "fail", "gcp.secret-iam": "pass", "gcp.no-new-account-keys": "fail",
        "gemini.paid-tier": "fail",
        "any.law": "unknown", "acme.reviewed": "unknown",
    }  # fmt: skip
    answers = {one["item"]: one for one in first.json["subjects"][0]["answers"]}
    assert f"keyward revoke {scene.key_id(scene.opened)} --unused" in answers["gcp.api-restricted"]["fix"]["commands"]
    scene.world.known("acme-prod").policies["iam.disableServiceAccountKeyCreation"] = {"rules": [{"enforce": True}]}
    scene.world.known("acme-prod").billing, scene.world.known("acme-prod").billing_open = "billingAccounts/0A-1B", True
    revoked = scene.keyward("revoke", scene.key_id(scene.opened), "--unused", "--yes", "--reason", "nobody uses it")
    assert revoked.status == 0, revoked.err
    scene.key("sound", days=5, restrictions=SOUND)
    scene.keyward("scan", "--context")
    second = run(scene)
    assert second.status == 6, "what is left only people can say"
    assert {item for item, word in words(second).items() if word == "unknown"} == {
        "gemini.paid-tier",
        "any.law",
        "acme.reviewed",
    }
    state(
        scene,
        "gemini.paid-tier",
        "--says",
        "AI Studio shows tier 1",
        "--field",
        "tier_shown=1",
        "--evidence",
        "https://acme.example/1",
    )
    state(scene, "acme.reviewed", "--says", "looked at", "--field", "who=bo")
    state(scene, "any.law", "--says", "signed", *LAW)
    assert (run(scene).status, words(run(scene))["any.law"]) == (6, "unknown"), "another person has to agree"
    alone = scene.keyward("checklist", "attest", "any.law", "--project", "acme-prod", "--agree")
    assert (alone.status, "somebody else has to agree" in alone.err) == (2, True)
    state(scene, "any.law", "--agree", LOGNAME="bo")
    third = run(scene)
    assert third.status == 0, third.out
    assert set(words(third).values()) == {"pass", "attested"}
    assert {one["item"]: one["agreed_by"] for one in third.json["subjects"][0]["answers"] if one["agreed_by"]} == {
        "any.law": "bo"
    }
    trail = [json.loads(line) for line in scene.keyward("audit", "export").out.splitlines()]
    assert [one["kind"] for one in trail if one["kind"].startswith("attest")] == ["attested"] * 3 + [
        "attestation-agreed"
    ]
    assert scene.keyward("audit", "verify").status == 0
    assert scene.keyward("checklist", "due", "--within", "9d").out == ""
    scene.world.clock.advance(6 * 86_400)
    soon = scene.keyward("checklist", "due", "--within", "9d", "-o", "json")
    assert [(one["item"], one["days_left"]) for one in fits(soon.json)["statements"]] == [("acme.reviewed", 3)]
    assert "KW-707" in {one["rule"] for one in fits(scene.keyward("check", "-o", "json").json)["findings"]}
    scene.world.clock.advance(5 * 86_400)
    over = run(scene)
    assert (over.status, words(over)["acme.reviewed"]) == (1, "expired")
    (found,) = [one for one in fits(scene.keyward("check", "-o", "json").json)["findings"] if one["rule"] == "KW-706"]
    assert found["subject"] == "attestation:acme.reviewed/project:acme-prod"
    assert found["fix"]["commands"] == ["keyward checklist attest acme.reviewed --for project:acme-prod"]
    assert scene.keyward("checklist", "due").status == 1
    state(scene, "acme.reviewed", "--withdraw", "--says", "not any more")
    assert words(run(scene))["acme.reviewed"] == "unknown"


@pytest.mark.parametrize(
    ("denied", "items"),
    [
        ("apikeys.keys.list", {"gcp.api-restricted", "gcp.app-restricted"}),
        ("secretmanager.secrets.list", {"gcp.secret-iam"}),
        ("resourcemanager.projects.get", {"gemini.paid-tier"}),
        ("secretmanager.secrets.getIamPolicy", {"gcp.secret-iam"}),
        ("orgpolicy.policy.get", {"gcp.no-new-account-keys"}),
    ],
)
def test_a_missing_permission_is_unknown_with_its_name_and_never_a_pass(tmp_path, denied, items):
    with Scene(tmp_path / "scene") as scene:
        scene.key("sound", days=5, restrictions=SOUND)
        scene.secret("app", "text")
        scene.world.known("acme-prod").billing = "billingAccounts/0A-1B"
        (scene.home / "acme.toml").write_text(LIST)
        scene.settings(f'[checklists]\nfiles = ["{scene.home / "acme.toml"}"]\n[scan]\nprojects = ["acme-prod"]\n')
        scene.world.known("acme-prod").denied.add(denied)
        scene.keyward("scan", "--context", "--project", "acme-prod")
        done = run(scene)
        answers = {one["item"]: one for one in fits(done.json)["subjects"][0]["answers"]}
        for item in items:
            assert answers[item]["result"] == "unknown"
            assert denied in " ".join(answers[item]["evidence"]), answers[item]
        passed = {"gcp.api-restricted", "gcp.app-restricted", "gcp.secret-iam"} - items
        assert {answers[item]["result"] for item in passed} == {"pass"}
        state(scene, "gemini.paid-tier", "--says", "so it is", "--field", "tier_shown=1")
        stated = words(run(scene))["gemini.paid-tier"]
        assert stated == ("unknown" if "gemini.paid-tier" in items else "attested"), "a statement is no permission"


def test_several_subjects_formats_and_what_differs(planted, tmp_path):
    scene = planted
    scene.key("other", project="acme-dev", days=5, restrictions=SOUND)
    scene.keyward("scan", "--context")
    both = scene.keyward("checklist", "run", "acme", "--project", "acme-*", "-o", "json")
    assert words(both, "project:acme-dev")["gcp.api-restricted"] == "pass"
    assert words(both)["gcp.api-restricted"] == "fail"
    compared = scene.keyward("checklist", "run", "acme", "--project", "acme-*", "--compare")
    (line,) = [one for one in compared.out.splitlines() if one.startswith("gcp.api-restricted")]
    assert line.split()[1:] == ["pass", "fail"]
    assert "acme.reviewed" not in compared.out
    table = scene.keyward("checklist", "run", "acme", "--project", "acme-prod")
    assert table.out.index("gcp.api-restricted") < table.out.index("acme.reviewed") < table.out.index("gcp.secret-iam")
    page = scene.keyward("checklist", "run", "acme", "--project", "acme-prod", "-o", "markdown")
    assert "| [ ] | gcp.api-restricted: Every API key names the services that it may call | fail |" in page.out
    assert "| [x] | gcp.secret-iam:" in page.out
    file = tmp_path / "run.html"
    scene.keyward("checklist", "run", "acme", "--project", "acme-prod", "-o", "html", "--to", file)
    html = file.read_text()
    assert "default-src 'none'" in html
    assert "http-equiv" in html
    assert file.stat().st_mode & 0o077 == 0
    assert scene.opened.key_string not in html + page.out + both.out
    badge = scene.keyward("checklist", "run", "acme", "--project", "acme-prod", "-o", "badge").out
    assert badge.startswith("acme: 1/7, ")
    csv = scene.keyward("checklist", "run", "acme", "--project", "acme-prod", "-o", "csv").out
    assert csv.splitlines()[0] == "subject,item,kind,result,needs_person,evidence,fix"


def test_lists_and_items_are_documents_too(planted):
    listed = fits(planted.keyward("checklist", "list", "-o", "json").json)
    assert {("acme", True), ("gemini-production", False)} <= {
        (one["id"], bool(one["file"])) for one in listed["checklists"]
    }
    one = fits(planted.keyward("checklist", "show", "any.tls", "-o", "json").json)
    assert [item["id"] for item in one["checklists"][0]["items"]] == ["any.tls"]
    page = planted.keyward("checklist", "show", "gcp.api-restricted")
    assert "KW-401 KW-403" in page.out
    assert "acme.reviewed" in planted.keyward("checklist", "show", "acme").out


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("run", "acme"), 2, "Say what acme is for: project."),
        (("run", "acme", "--for", "person:bo"), 2, "acme is not for a person."),
        (("run", "acme", "--for", "projekt:x"), 2, "is no subject"),
        (("run", "acme", "--project", "nobody-*"), 2, "No project of the last scan is called"),
        (("run", "acme", "--project", "acme-prod", "--compare"), 2, "there is one only"),
        (("run", "leaked-key", "--for", "key:nothing"), 2, "nothing"),
        (("run", "other-ai-provider", "--for", "provider:opnai"), 2, "Did you mean openai?"),
        (("run", "acmee", "--project", "acme-prod"), 2, "Did you mean acme?"),
        (("attest", "acme.reviewed"), 2, "Say what it is stated about."),
        (("attest", "acme.reviewed", "--project", "acme-prod"), 2, "say what holds"),
        (("attest", "acme.reviewed", "--project", "acme-prod", "--says", "x"), 2, "acme.reviewed asks for who."),
        (
            ("attest", "acme.reviewed", "--project", "acme-prod", "--says", "x", "--field", "when=1"),
            2,
            "has no field 'when'",
        ),
        (("attest", "acme.reviewed", "--project", "acme-prod", "--says", "x", "--field", "who"), 2, "is not NAME=TEXT"),
        (
            (
                "attest",
                "acme.reviewed",
                "--project",
                "acme-prod",
                "--says",
                "x",
                "--field",
                "who=b",
                "--until",
                "2099-01-01",
            ),
            2,
            "10 days at most",
        ),
        (
            (
                "attest",
                "acme.reviewed",
                "--project",
                "acme-prod",
                "--says",
                "x",
                "--field",
                "who=b",
                "--until",
                "2020-01-01",
            ),
            2,
            "over already",
        ),
        (("attest", "acme.reviewed", "--project", "acme-prod", "--says", "x", "--until", "soon"), 2, "is not a date"),
        (("attest", "acme.reviewed", "--project", "acme-prod", "--agree"), 2, "holds now"),
        (("attest", "acme.reviewed", "--project", "acme-prod", "--agree", "--skip"), 2, "exclude each other"),
        (("attest", "gcp.api-restricted", "--project", "acme-prod", "--says", "x"), 2, "proved by keyward"),
        (("attest", "acme.reviwed", "--project", "acme-prod", "--says", "x"), 2, "Did you mean acme.reviewed?"),
        (("show", "any.tsl"), 2, "Did you mean any.tls?"),
    ],
)
def test_wrong_input_is_told_and_nothing_is_kept(known, words, status, said):
    done = known.keyward("checklist", *words)
    assert (done.status, "Traceback" in done.err) == (status, False), done.err
    assert said in done.err


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """A scanned world with a list, in which nothing is stated."""
    with Scene(tmp_path_factory.mktemp("known") / "scene") as scene:
        scene.key("open", days=5, restrictions={})
        (scene.home / "acme.toml").write_text(LIST)
        scene.settings(f'[checklists]\nfiles = ["{scene.home / "acme.toml"}"]\n')
        scene.keyward("scan")
        yield scene
        assert scene.keyward("checklist", "due", "--within", "400d").out == ""


def test_before_any_scan_and_for_a_project_that_nobody_scanned_nothing_passes(scene):
    for _ in range(2):
        done = scene.keyward("checklist", "run", "google-cloud-project", "--project", "acme-else", "-o", "json")
        assert done.status in (3, 6)
        assert set(words(done, "project:acme-else").values()) == {"unknown"}
        scene.key(days=5)
        scene.keyward("scan", "--project", "acme-prod")


MACHINE_LIST = """schema = "keyward.checklist/1"
id = "here"
version = 1
title = "Here"
why = "Because."
about = ["machine", "provider"]
take = ["any.tls", "any.certificate-checks", "any.key-in-code", "any.deps", "machine.env-ignored"]
"""


def only(program, folder):
    """A folder with that program and no other."""
    folder.mkdir()
    (folder / program).symlink_to(shutil.which(program))
    return folder


def test_this_machine_and_its_code_are_looked_at_and_the_network_only_when_asked(scene, tmp_path):
    repo = Repo(scene.home / "work" / "app")
    repo.write("a.py", "get(url, verify=False)\n")
    repo.write("b.py", 'url = f"https://api.example.org/?key={key}"\n')
    repo.write(".env", "A=1\n")
    repo.write("uv.lock", "")
    (scene.home / "here.toml").write_text(MACHINE_LIST)
    authority = Authority(tmp_path)
    with serving(authority.issue(days=90)) as (port, _):
        scene.settings(
            f'[checklists]\nfiles = ["{scene.home / "here.toml"}"]\n[endpoints]\nallow = ["localhost:{port}"]\n'
            f'[[env]]\npath = "{scene.home / "work"}"\n'
        )
        env = {"SSL_CERT_FILE": str(authority.file), "OPENAI_BASE_URL": f"https://localhost:{port}/v1"}
        scene.keyward("scan")
        host = scene.keyward("checklist", "run", "here", "-o", "json", **env)
        (subject,) = [one["subject"] for one in fits(host.json)["subjects"]]
        assert words(host, subject) == {
            "any.tls": "unknown",
            "any.certificate-checks": "fail",
            "any.key-in-code": "fail",
            "any.deps": "unknown",
            "machine.env-ignored": "fail",
        }
        env["PATH"] = str(only("git", tmp_path / "bin"))  # no tool that would ask a database
        asked = scene.keyward("checklist", "run", "here", "--probe", "--for", "provider:openai", "-o", "json", **env)
        assert words(asked, "provider:openai")["any.tls"] == "pass", asked.out
        (lock,) = [one for one in asked.json["subjects"][0]["answers"] if one["item"] == "any.deps"]
        assert (lock["result"], "osv-scanner" in lock["evidence"][0]) == ("unknown", True)
    repo.write("a.py", "get(url)\n")
    repo.write("b.py", "get(url, headers={'x-api-key': key})\n")
    repo.write(".gitignore", "/.env\n")
    (repo.folder / "uv.lock").unlink()
    mended = words(scene.keyward("checklist", "run", "here", "-o", "json"), subject)
    assert {mended[one] for one in ("any.certificate-checks", "any.key-in-code", "machine.env-ignored")} == {"pass"}
    assert mended["any.deps"] == "not_applicable"


def test_a_leaked_key_is_followed_until_it_is_dead(planted):
    scene = planted
    leaked = f"key:{scene.key_id(scene.opened)}"
    before = scene.keyward("checklist", "run", "leaked-key", "--for", leaked, "-o", "json")
    answers = {one["item"]: one for one in fits(before.json)["subjects"][0]["answers"]}
    assert answers["leak.dead"]["result"] == "fail"
    assert "--emergency" in answers["leak.dead"]["fix"]["commands"][0]
    assert scene.keyward("revoke", scene.key_id(scene.opened), "--unused", "--yes", "--reason", "leaked").status == 0
    scene.keyward("scan")
    after = scene.keyward("checklist", "run", "leaked-key", "--for", leaked, "-o", "json")
    assert words(after, leaked)["leak.dead"] == "pass"


def test_what_the_projects_policy_tells_is_judged_and_a_refusal_is_not(scene):
    key = scene.key("open", days=5, restrictions=SOUND)
    project = scene.world.known("acme-prod")
    account = "web@acme-prod.iam.gserviceaccount.com"
    key.service_account = account
    project.bindings.append({"role": "roles/editor", "members": [f"serviceAccount:{account}"]})
    project.audit_configs.append({"service": "allServices", "auditLogConfigs": [{"logType": "DATA_READ"}]})
    items = ("gcp.sa-least-privilege", "gcp.audit-logs")

    def told():
        scene.keyward("scan", "--context", "--project", "acme-prod")
        found = words(scene.keyward("checklist", "run", "google-cloud-project", "--project", "acme-prod", "-o", "json"))
        return tuple(found[one] for one in items)

    assert told() == ("fail", "pass")
    project.bindings.clear()
    project.audit_configs[0]["auditLogConfigs"][0]["exemptedMembers"] = ["user:root@acme.example"]
    assert told() == ("pass", "fail")
    project.denied.add("resourcemanager.projects.getIamPolicy")
    assert told() == ("unknown", "unknown")


def test_a_leaver_gives_the_set_of_rotations(scene):
    key = scene.key("shared", days=5, restrictions=SOUND)
    scene.secret("app", key.key_string)
    reader = {"role": "roles/secretmanager.secretAccessor", "members": ["user:mary@acme.example"]}
    scene.world.known("acme-prod").bindings.append(reader)
    scene.settings('[scan]\nread_values = ["all"]\n')
    scene.keyward("scan", "--context")
    done = scene.keyward("checklist", "run", "departing-colleague", "--for", "person:mary@acme.example", "-o", "json")
    (found,) = [one for one in fits(done.json)["subjects"][0]["answers"] if one["item"] == "leave.keys"]
    assert (found["result"], found["fix"]["commands"]) == ("fail", [f"keyward rotate {scene.key_id(key)}"])
    other = scene.keyward("checklist", "run", "departing-colleague", "--for", "person:bo@acme.example", "-o", "json")
    assert words(other, "person:bo@acme.example")["leave.keys"] == "pass"


PROVED = ("gcp.api-restricted", "gcp.app-restricted", "gcp.no-new-account-keys", "gemini.paid-tier")
"""What fails in that list, in its order."""


@pytest.mark.pty
def test_a_person_goes_through_it_item_by_item_and_goes_on_where_they_stopped(planted):
    scene = planted
    command = ["-m", "keyward", "checklist", "run", "acme", "--project", "acme-prod"]

    def walk():
        return terminal(command, scene.home, lines=80, columns=160, **scene.environ())

    with walk() as screen:
        for number, item in enumerate(PROVED, 1):
            screen.wait(f"{number}/6", f"{item}: fail", "nobody can state it")
            screen.settle()
            screen.send("n\r")
        screen.wait("5/6", "any.law: unknown", "[p]ut it off")
        screen.settle()
        screen.send("p\r")
        screen.wait("Why is it put off?")
        screen.settle()
        screen.send("the contract is with the lawyers\r")
        screen.wait("6/6", "acme.reviewed")
        screen.settle()
        screen.send("s\r")
        screen.wait("What holds")
        screen.settle()
        screen.send("looked at\r")
        screen.wait("who:")
        screen.settle()
        screen.send("bo\r")
        screen.wait("Where can it be seen")
        screen.settle()
        screen.send("\r")
        assert screen.end() == 1
    found = words(run(scene))
    assert (found["acme.reviewed"], found["any.law"]) == ("attested", "unknown")
    with walk() as screen:
        screen.wait("1/4")
        screen.settle()
        assert "any.law" not in screen.text
        screen.send("q\r")
        assert screen.end() == 1, "what was answered or put off is not asked again"
