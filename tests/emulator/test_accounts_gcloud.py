"""Stock gcloud on service account keys and HMAC keys: a second client, written by others."""

import json
import os
import shutil
import subprocess
from datetime import timedelta

import pytest

from keyward.emulator.accountkeys.state import AccountKeys
from keyward.emulator.authentications import Authentications
from keyward.emulator.roles import CustomRoles
from tests.emulator.account_parts import certificate, make_account
from tests.parts.emulator import START, gcloud, refused
from tests.parts.need import require


@pytest.fixture
def run(emulator, tmp_path):
    require("gcloud")
    return lambda *arguments, **more: gcloud(emulator, tmp_path / "gcloud", *arguments, **more)


@pytest.fixture
def account(emulator):
    return make_account(emulator, project=emulator.project)


def test_gcloud_takes_account_keys_through_their_life(run, account, tmp_path):
    keys, owner = ("iam", "service-accounts", "keys"), f"--iam-account={account.email}"
    file, pem = tmp_path / "key.json", tmp_path / "certificate.pem"
    run(*keys, "create", str(file), owner)
    made = json.loads(file.read_text(encoding="utf-8"))["private_key_id"]
    pem.write_text(certificate(START, START + timedelta(days=30))[1], encoding="utf-8")
    up = run(*keys, "upload", str(pem), owner)
    assert up["keyOrigin"] == "USER_PROVIDED"
    run(*keys, "disable", made, owner)

    def listed():
        found = run(*keys, "list", owner, "--managed-by=user")
        return {key["name"].rpartition("/")[2]: key.get("disabled", False) for key in found}

    assert listed() == {made: True, up["name"].rpartition("/")[2]: False}
    run(*keys, "enable", made, owner)
    assert listed()[made] is False
    public = tmp_path / "public.pem"
    run("beta", *keys, "get-public-key", made, owner, f"--output-file={public}")
    assert public.read_text(encoding="utf-8").startswith("-----BEGIN ")
    run(*keys, "delete", made, owner)
    assert made not in listed()
    assert "does not exist" in run(*keys, "delete", made, owner, code=1)


def test_gcloud_reads_when_a_key_last_authenticated(emulator, run, account):
    key = emulator.world.state(AccountKeys).plant(account, made=START - timedelta(days=90))
    project = emulator.world.project(emulator.project)
    used = START - timedelta(days=60)
    emulator.world.state(Authentications).record(project.number, account.unique_id, key.key_id, when=used)
    kind = "--activity-type=serviceAccountKeyLastAuthentication"
    (found,) = run("policy-intelligence", "query-activity", kind, f"--project={emulator.project}")
    assert found["fullResourceName"].endswith(f"{account.email}/keys/{key.key_id}")
    assert found["activity"]["lastAuthenticatedTime"] == f"{used:%Y-%m-%d}T07:00:00Z"


def test_gcloud_signs_in_with_a_key(emulator, run, account, tmp_path):
    file = tmp_path / "key.json"
    run("iam", "service-accounts", "keys", "create", str(file), f"--iam-account={account.email}")
    environment = {**emulator.environment(), "PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    environment |= {"CLOUDSDK_CONFIG": str(tmp_path / "other"), "CLOUDSDK_AUTH_TOKEN_HOST": f"{emulator.url}token"}
    del environment["CLOUDSDK_AUTH_DISABLE_CREDENTIALS"]
    emulator.world.behaviour.change({"auth": "listed"})
    for arguments in (("auth", "activate-service-account", f"--key-file={file}"), ("projects", "list")):
        command = [shutil.which("gcloud"), *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
    assert emulator.project in done.stdout


def test_gcloud_takes_hmac_keys_through_their_life(run, account):
    hmac = ("storage", "hmac")
    made = run(*hmac, "create", account.email)
    access = made["metadata"]["accessId"]
    assert made["secret"]
    assert [key["accessId"] for key in run(*hmac, "list")] == [access]
    assert "ACTIVE" in run(*hmac, "delete", access, code=1)
    assert run(*hmac, "update", access, "--deactivate")["state"] == "INACTIVE"
    run(*hmac, "delete", access)
    assert run(*hmac, "list") == []
    assert [key["state"] for key in run(*hmac, "list", "--all")] == ["DELETED"]


def test_gcloud_links_a_project_to_an_account(emulator, run):
    project = emulator.world.project(emulator.project)
    account, project.billing, project.billing_open = project.billing, "", False
    emulator.world.new_project("paid")
    assert [(one["name"], one["open"]) for one in run("billing", "accounts", "list")] == [(account, True)]
    link = ("billing", "projects", "link", emulator.project, "--billing-account")
    assert run(*link, account.rpartition("/")[2])["billingEnabled"] is True
    assert (project.billing, project.billing_open) == (account, True)
    assert "invalid" in run(*link, "ACCOUNT_ID", code=1)
    run("billing", "projects", "unlink", emulator.project)
    assert project.billing == ""


def test_gcloud_reads_a_custom_role(emulator, run):
    roles, project = emulator.world.state(CustomRoles), emulator.project
    roles.plant(f"projects/{project}/roles/looker", ["apikeys.keys.get"], title="Looks")
    roles.plant("organizations/123/roles/looker", ["apikeys.keys.list"])
    found = run("iam", "roles", "describe", "looker", f"--project={project}")
    assert (found["title"], found["includedPermissions"]) == ("Looks", ["apikeys.keys.get"])
    of_all = run("iam", "roles", "describe", "looker", "--organization=123")
    assert of_all["includedPermissions"] == ["apikeys.keys.list"]
    assert "not found" in run("iam", "roles", "describe", "other", f"--project={project}", code=1)


def test_gcloud_changes_who_may_do_what(emulator, run):
    project = emulator.world.project(emulator.project)
    role = ("--role=roles/viewer", "--condition=None")
    for member in ("ana", "bea"):
        run("projects", "add-iam-policy-binding", emulator.project, f"--member=user:{member}@acme.example", *role)
    run("projects", "remove-iam-policy-binding", emulator.project, "--member=user:ana@acme.example", *role)
    assert project.bindings == [{"role": "roles/viewer", "members": ["user:bea@acme.example"]}]
    path = f"/v1/projects/{emulator.project}:setIamPolicy"
    old = {"policy": {"etag": "AAAA", "bindings": []}}
    assert refused(emulator, "POST", path, old)[:2] == (409, "ABORTED")
    project.denied = {"resourcemanager.projects.setIamPolicy"}
    assert refused(emulator, "POST", path, {"policy": {}})[0] == 403
    assert project.bindings != []


def test_gcloud_reads_billing_and_who_may_do_what(emulator, run):
    project = emulator.world.project(emulator.project)
    project.bindings = [{"role": "roles/owner", "members": ["user:boss@acme.example"]}]
    assert run("projects", "get-iam-policy", emulator.project)["bindings"] == project.bindings
    for account, is_open, enabled in (
        (project.billing, True, True),
        (project.billing, False, False),
        ("", True, False),
    ):
        project.billing, project.billing_open = account, is_open
        found = run("billing", "projects", "describe", emulator.project)
        assert (found.get("billingEnabled", False), found["billingAccountName"]) == (enabled, account)
