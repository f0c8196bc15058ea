"""Tokens of an account that keyward acts as: fetched when needed, fetched again when refused, and what is said where none comes."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from keyward.emulator.faults import Fault
from keyward.emulator.iam import ServiceAccounts
from keyward.google.advice import advise
from keyward.google.calls import Call
from keyward.google.credentials import Identity
from keyward.google.errors import GoogleFailure
from keyward.google.identities import Identities, Wanted
from keyward.google.parts import of
from keyward.google.refusals import Asked, reading, writing
from keyward.model.errors import NotAllowed, Refused, SourceError
from keyward.stores.gsm.client import Connection
from tests.parts.cloud import emulator_ctx, surroundings

ACCOUNT = "kw@acme-ops.iam.gserviceaccount.com"
GENERATE = "iamcredentials.projects.serviceAccounts.generateAccessToken"


@pytest.fixture
def cloud(make_emulator, tmp_path):
    """A cloud that wants a token, and the parts of somebody who acts as an account there; `mine` is the file of his own token."""
    emulator = make_emulator(grpc=True, auth="listed", tokens=["mine"])
    ops = emulator.world.new_project("acme-ops")
    emulator.world.state(ServiceAccounts).plant(ops, "kw")
    emulator.world.project("acme")
    mine = tmp_path / "token"
    mine.write_text("mine")
    environ = emulator.environment() | {
        "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "false",
        "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(mine),
    }
    around = surroundings(environ, tmp_path, **{"google.read.impersonate": ACCOUNT})
    yield SimpleNamespace(world=emulator.world, ops=ops, parts=of(around), ctx=emulator_ctx(emulator), mine=mine)
    around.close()


def keys(cloud):
    services = cloud.parts.services
    request = services.api("apikeys", "projects", "locations", "keys").list(parent="projects/acme/locations/global")
    return services.execute(request, cloud.ctx, Call("apikeys", "acme"))


def secrets(cloud):
    connection = Connection(cloud.parts)
    try:
        return connection.run(
            "list_secrets", {"parent": "projects/acme"}, cloud.ctx, Call("secretmanager", "acme"), take=list
        )
    finally:
        connection.close()


def asked(cloud):
    return [(one["rpc"].rpartition(".")[2], one["principal"], one["code"]) for one in cloud.world.log.since(0)]


@pytest.mark.parametrize("ask", [keys, secrets])
def test_one_token_serves_all_requests_until_it_is_refused_and_then_another_is_fetched(cloud, ask):
    ask(cloud)
    ask(cloud)
    assert asked(cloud) == [("generateAccessToken", None, 200), *[("list", ACCOUNT, 200)] * 2]
    cloud.world.clock.advance(4000)
    ask(cloud)
    assert asked(cloud)[3:] == [("list", None, 401), ("generateAccessToken", None, 200), ("list", ACCOUNT, 200)]


@pytest.mark.parametrize("ask", [keys, secrets])
def test_who_may_not_act_as_the_account_is_told_whose_permission_is_missing_and_asks_once(cloud, ask):
    cloud.ops.denied = {"iam.serviceAccounts.getAccessToken"}
    for _ in range(3):
        with pytest.raises(GoogleFailure) as caught:
            ask(cloud)
    assert asked(cloud) == [("generateAccessToken", None, 403)]
    error = caught.value.error
    trouble = reading(error, Asked("Listing", "apikeys.googleapis.com", "acme", permission="apikeys.keys.list"))
    assert isinstance(trouble, SourceError)
    assert (trouble.status, trouble.permission) == ("denied", "iam.serviceAccounts.getAccessToken")
    assert f"access token from {cloud.mine} cannot act as {ACCOUNT}: 403 IAM_PERMISSION_DENIED" in trouble.message
    assert trouble.hint == (
        f"gcloud iam service-accounts add-iam-policy-binding {ACCOUNT} --member=user:YOU@EXAMPLE.COM "
        "--role=roles/iam.serviceAccountTokenCreator (then wait a minute or two)"
    )
    # Nothing was sent, so a change was certainly not made.
    assert isinstance(writing(error, Asked("Creating", "apikeys.googleapis.com", "acme")), SourceError)


def test_an_account_that_is_not_there_is_no_key_that_is_gone(cloud):
    account = cloud.world.state(ServiceAccounts).by_email(ACCOUNT)
    account.email = "other"
    cloud.world.state(ServiceAccounts)._accounts.pop(ACCOUNT)
    with pytest.raises(GoogleFailure) as caught:
        keys(cloud)
    trouble = reading(caught.value.error, Asked("Listing", "apikeys.googleapis.com", "acme"))
    assert isinstance(trouble, SourceError)
    assert trouble.status == "failed"
    assert "Gaia id not found" in trouble.message
    assert "google.read.impersonate" in trouble.hint


def test_a_credentials_api_that_is_off_is_no_api_keys_api_that_is_off(cloud):
    cloud.ops.api_off = {"iamcredentials.googleapis.com"}
    with pytest.raises(GoogleFailure) as caught:
        keys(cloud)
    assert not caught.value.error.disabled
    trouble = reading(caught.value.error, Asked("Listing", "apikeys.googleapis.com", "acme"))
    assert trouble.status == "denied"
    assert trouble.hint.startswith(f"gcloud services enable iamcredentials.googleapis.com --project={cloud.ops.number}")


def test_a_login_that_names_a_quota_project_is_charged_there_for_tokens_too(cloud):
    cloud.world.new_project("acme-bill")
    own = Identity(cloud.parts.identity.credentials, "me@example.com", "acme-bill")
    acting = Identities(own, Wanted(read=ACCOUNT), cloud.parts.endpoints).of("acme", changes=False)
    assert acting.description == f"{ACCOUNT} (impersonated by me@example.com)"
    assert cloud.parts.refusal(acting) is None
    assert [one["quota_project"] for one in cloud.world.log.since(0)] == ["acme-bill"]
    cloud.world.known("acme-bill").api_off = {"iamcredentials.googleapis.com"}
    fresh = Identities(own, Wanted(read=ACCOUNT), cloud.parts.endpoints).of("acme", changes=False)
    refusal = cloud.parts.refusal(fresh)
    number = cloud.world.known("acme-bill").number
    assert advise(refusal, "", "").startswith(
        f"gcloud services enable iamcredentials.googleapis.com --project={number}"
    )
    gclouds = replace(refusal, metadata={**refusal.metadata, "consumer": "projects/764086051850"})
    assert advise(gclouds, "", "") == "gcloud auth application-default set-quota-project acme-ops"


def test_a_moment_of_trouble_is_tried_again(cloud):
    cloud.world.faults.add(Fault(rpc=GENERATE, status="UNAVAILABLE", times=2))
    assert keys(cloud) == {}
    assert [code for rpc, _, code in asked(cloud)] == [503, 503, 200, 200]


def test_a_refusal_names_the_account_that_asked(cloud):
    cloud.world.known("acme").denied_to = {ACCOUNT: {"apikeys.keys.list"}}
    with pytest.raises(GoogleFailure) as caught:
        keys(cloud)
    trouble = reading(caught.value.error, Asked("Listing", "apikeys.googleapis.com", "acme", "somebody else"))
    assert f"--member=serviceAccount:{ACCOUNT} " in trouble.hint
    change = writing(caught.value.error, Asked("Listing", "apikeys.googleapis.com", "acme"))
    assert isinstance(change, Refused)
    assert advise(caught.value.error, "apikeys.googleapis.com", "acme").startswith("gcloud projects add-iam")


def test_nobody_acts_as_anybody_at_google(tmp_path, make_emulator):
    emulator = make_emulator(grpc=False)
    environ = emulator.environment()
    del environ["CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS"]
    around = surroundings(environ, tmp_path, **{"google.read.impersonate": ACCOUNT})
    with pytest.raises(NotAllowed, match="iamcredentials"):
        of(around).services.execute(
            of(around).services.api("apikeys", "projects", "locations", "keys").list(parent="projects/a/locations/b"),
            emulator_ctx(emulator),
            Call("apikeys", "a"),
        )
    around.close()
    assert emulator.world.log.since(0) == []


TLS = r"""
import json, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from google.cloud import secretmanager_v1

from keyward.google.calls import Call
from keyward.google.parts import of
from keyward.stores.gsm.client import Connection
from tests.parts.cloud import real_ctx, surroundings

folder = Path(sys.argv[1])
seen = []

def serve(request, context):
    seen.append({name: value for name, value in context.invocation_metadata()})
    return secretmanager_v1.ListSecretsResponse.pb()()

server = grpc.server(ThreadPoolExecutor(2))
handler = grpc.unary_unary_rpc_method_handler(
    serve,
    request_deserializer=secretmanager_v1.ListSecretsRequest.pb().FromString,
    response_serializer=secretmanager_v1.ListSecretsResponse.pb().SerializeToString,
)
name = "google.cloud.secretmanager.v1.SecretManagerService"
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, {"ListSecrets": handler}),))
pair = ((folder / "key.pem").read_bytes(), (folder / "cert.pem").read_bytes())
port = server.add_secure_port("localhost:0", grpc.ssl_server_credentials([pair]))
server.start()
environ = {
    "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER": f"https://localhost:{port}/",
    "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(folder / "token"),
}
around = surroundings(environ, folder, **{"google.quota_project": "home"})
connection = Connection(of(around))
connection.run("list_secrets", {"parent": "projects/acme"}, real_ctx(), Call("secretmanager", "acme"), take=list)
connection.close()
server.stop(None)
print(json.dumps([[one.get("authorization"), one.get("x-goog-user-project")] for one in seen]))
"""


def test_over_encrypted_grpc_each_call_brings_its_token_and_the_project_to_charge(tmp_path):
    certificate(tmp_path)
    (tmp_path / "token").write_text("mine")
    roots = {"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(tmp_path / "cert.pem"), "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(
        [sys.executable, "-c", TLS, str(tmp_path)],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **roots},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [["Bearer mine", "acme"]]


def certificate(folder):
    """A certificate of localhost, signed by itself."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
