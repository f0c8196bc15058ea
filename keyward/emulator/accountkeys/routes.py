"""The methods of IAM v1 for service account keys over HTTP."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from keyward.emulator.accountkeys import audit, material, policy
from keyward.emulator.accountkeys.credentials import credentials_file
from keyward.emulator.accountkeys.state import AccountKeys
from keyward.emulator.errors import ApiError, refuse
from keyward.emulator.iam import account_route

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from keyward.emulator.accountkeys.key import AccountKey
    from keyward.emulator.iam import ServiceAccount
    from keyward.emulator.routing import Request, Route

_PARENT = "/v1/projects/{project}/serviceAccounts/{account}/keys"
_NAME = _PARENT + "/{key}"
_FILE = "TYPE_GOOGLE_CREDENTIALS_FILE"
_FILES = ("TYPE_UNSPECIFIED", "TYPE_PKCS12_FILE", _FILE)
_BITS = {"KEY_ALG_UNSPECIFIED": 2048, "KEY_ALG_RSA_1024": 1024, "KEY_ALG_RSA_2048": 2048}
_PUBLIC = ("TYPE_NONE", "TYPE_X509_PEM_FILE", "TYPE_RAW_PUBLIC_KEY")


def routes() -> list[Route]:
    """Give the routes of the service."""

    def route(method: str, template: str, handler: Any, verb: str, permission: str = "") -> Route:
        allowed = f"iam.serviceAccountKeys.{permission or verb}"
        return account_route(method, template, handler, f"iam.projects.serviceAccounts.keys.{verb}", allowed)

    return [
        route("GET", _PARENT, _list, "list"),
        route("POST", _PARENT, _create, "create"),
        # Google's roles know no permission of its own for an upload.
        route("POST", _PARENT + ":upload", _upload, "upload", "create"),
        route("GET", _NAME, _get, "get"),
        route("POST", _NAME + ":disable", _disable, "disable"),
        route("POST", _NAME + ":enable", _enable, "enable"),
        route("DELETE", _NAME, _delete, "delete"),
    ]


def _list(request: Request, account: ServiceAccount) -> dict[str, Any]:
    types = {
        _word(name, ("KEY_TYPE_UNSPECIFIED", "USER_MANAGED", "SYSTEM_MANAGED")) for name in request.args("keyTypes")
    }
    types.discard("KEY_TYPE_UNSPECIFIED")
    state = request.world.state(AccountKeys)
    keys = state.system_managed(account) if not types or "SYSTEM_MANAGED" in types else []
    if not types or "USER_MANAGED" in types:
        keys += [key.resource(account.project_id) for key in state.listed(account.email)]
    return {"keys": keys} if keys else {}


def _get(request: Request, account: ServiceAccount) -> dict[str, Any]:
    asked = _word(request.arg("publicKeyType", "TYPE_NONE"), _PUBLIC)
    state = request.world.state(AccountKeys)
    name = request.params["key"]
    for own in state.system_managed(account):
        if own["name"].endswith(f"/{name}") and asked == "TYPE_NONE":
            return own
    key = _key(request, account)
    out = key.resource(account.project_id)
    if asked != "TYPE_NONE":
        certificate = state.certificate(key)
        text = certificate if asked == "TYPE_X509_PEM_FILE" else material.public_pem(certificate)
        out["publicKeyData"] = base64.b64encode(text.encode()).decode()
    return out


def _create(request: Request, account: ServiceAccount) -> dict[str, Any]:
    world, body = request.world, request.json()
    form = _word(str(body.get("privateKeyType") or _FILE), _FILES)
    algorithm = _word(str(body.get("keyAlgorithm") or "KEY_ALG_RSA_2048"), tuple(_BITS))
    project = request.owner
    policy.check(world, project, account, policy.CREATION)
    _room(request, account)
    now, lasts = world.clock.now(), policy.lifetime(world, project)
    ends = (now + lasts).replace(microsecond=0) if lasts else None
    pair = material.make_pair(_BITS[algorithm])
    key = world.state(AccountKeys).plant(
        account,
        made=now,
        valid_after=now.replace(microsecond=0),
        valid_before=ends,
        certificate=material.certify(pair, account.email, now, ends),
        fresh_seconds=world.ids.between(*world.behaviour.account_key_fresh_seconds),
        algorithm=f"KEY_ALG_RSA_{_BITS[algorithm]}",
    )
    _made(request, account, key, "Create")
    out = key.resource(account.project_id)
    out["privateKeyType"] = "TYPE_PKCS12_FILE" if form == "TYPE_PKCS12_FILE" else _FILE
    out["privateKeyData"] = base64.b64encode(_private(request, account, key, pair, out["privateKeyType"])).decode()
    return out


def _private(request: Request, account: ServiceAccount, key: AccountKey, pair: RSAPrivateKey, form: str) -> bytes:
    if form == _FILE:
        return credentials_file(account, key.key_id, pair, request.world.url).encode()
    return material.p12(pair, key.certificate)


def _upload(request: Request, account: ServiceAccount) -> dict[str, Any]:
    world = request.world
    now, state = world.clock.now(), world.state(AccountKeys)
    policy.check(world, request.owner, account, policy.UPLOAD)
    upload = material.read_upload(str(request.json().get("publicKeyData") or ""), now)
    policy.check_upload(world, request.owner, account, upload)
    certificate = upload.pem
    if world.behaviour.account_key_certificate == "own":
        certificate = material.wrap(certificate, account.email)
    known = _uploaded(state, account, upload.pem)
    if known and world.behaviour.account_key_repeated_upload == "refused":
        raise refuse("ALREADY_EXISTS", "The public key is already associated with the service account.")
    if known and world.behaviour.account_key_repeated_upload == "same":
        return known.resource(account.project_id)
    _room(request, account)
    key = state.plant(
        account,
        made=now,
        valid_after=upload.valid_after,
        valid_before=upload.valid_before,
        certificate=certificate,
        fresh_seconds=world.ids.between(*world.behaviour.account_key_fresh_seconds),
        origin="USER_PROVIDED",
        algorithm=upload.algorithm,
    )
    _made(request, account, key, "Upload")
    return key.resource(account.project_id)


def _made(request: Request, account: ServiceAccount, key: AccountKey, verb: str) -> None:
    request.notes.update(account=account.email, key=key.key_id)
    audit.note(request, account, key, verb)


def _uploaded(state: AccountKeys, account: ServiceAccount, certificate: str) -> AccountKey | None:
    wanted = material.public_pem(certificate)
    for key in state.of(account.email):
        if key.deleted is None and key.certificate and material.public_pem(key.certificate) == wanted:
            return key
    return None


def _disable(request: Request, account: ServiceAccount) -> dict[str, Any]:
    key = _key(request, account)
    if not key.disabled:
        request.world.state(AccountKeys).switch(key, "USER_INITIATED")
    audit.note(request, account, key, "Disable")
    return {}


def _enable(request: Request, account: ServiceAccount) -> dict[str, Any]:
    key = _key(request, account)
    if key.disabled:
        request.world.state(AccountKeys).switch(key, "")
    audit.note(request, account, key, "Enable")
    return {}


def _delete(request: Request, account: ServiceAccount) -> dict[str, Any]:
    key = _key(request, account)
    request.world.state(AccountKeys).delete(key)
    audit.note(request, account, key, "Delete")
    return {}


def _key(request: Request, account: ServiceAccount) -> AccountKey:
    key_id = request.params["key"]
    request.notes.update(account=account.email, key=key_id)
    key = request.world.state(AccountKeys).get(account.email, key_id)
    if key is None or key.deleted:
        raise refuse("NOT_FOUND", f"Service account key {key_id} does not exist.")
    return key


def _room(request: Request, account: ServiceAccount) -> None:
    behaviour = request.world.behaviour
    if request.world.state(AccountKeys).slots(account.email) < behaviour.account_key_limit:
        return
    if behaviour.account_key_limit_status == "RESOURCE_EXHAUSTED":
        # What Google said until about 2022.
        retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "86401s"}
        raise ApiError(429, "RESOURCE_EXHAUSTED", "Maximum number of keys on account reached.", details=[retry])
    raise refuse("FAILED_PRECONDITION", "Precondition check failed.")


def _word(name: str, known: tuple[str, ...]) -> str:
    """Give an enum's name from its name or number."""
    if name.isdigit() and int(name) < len(known):
        return known[int(name)]
    if name not in known:
        raise refuse("INVALID_ARGUMENT", f'Invalid value at an enum field: "{name}"')
    return name
