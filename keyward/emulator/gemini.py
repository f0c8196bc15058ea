"""The Gemini model list, as a probe sees it: which key gets which answer, and why.

The order and the words of the refusals follow public reports of the live service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keyward.emulator.apikeys.propagation import Known, known
from keyward.emulator.apikeys.state import ApiKeys
from keyward.emulator.clients import check_client
from keyward.emulator.clock import parse
from keyward.emulator.errors import ApiError, localized, refuse, service_disabled
from keyward.emulator.paging import page
from keyward.emulator.quota import exceeded
from keyward.emulator.routing import Route, Service
from keyward.emulator.usage import Usage

if TYPE_CHECKING:
    from keyward.emulator.apikeys.key import Key
    from keyward.emulator.projects import Project
    from keyward.emulator.routing import Request
    from keyward.emulator.world import World

SERVICE = Service("generativelanguage.googleapis.com", "Generative Language API")
METHOD = "google.ai.generativelanguage.{version}.ModelService.ListModels"

_MODELS = {
    "gemini-2.5-flash": ("Gemini 2.5 Flash", 1_048_576, 65_536),
    "gemini-2.5-flash-lite": ("Gemini 2.5 Flash-Lite", 1_048_576, 65_536),
    "gemini-2.5-pro": ("Gemini 2.5 Pro", 1_048_576, 65_536),
    "gemini-embedding-001": ("Gemini Embedding 001", 2_048, 1),
}


def routes() -> list[Route]:
    """Give the routes of the service."""
    rpc = "generativelanguage.models.list"
    return [
        Route(SERVICE, "GET", f"/{version}/models", _list, rpc, quota="", auth=False) for version in ("v1", "v1beta")
    ]


def _list(request: Request) -> dict[str, Any]:
    key_string = request.headers.get("x-goog-api-key") or request.arg("key")
    if not key_string:
        message = (
            "Method doesn't allow unregistered callers (callers without established identity). Please use API Key "
            "or other form of API consumer identity to call this API."
        )
        raise refuse("PERMISSION_DENIED", message)
    key = request.world.state(ApiKeys).by_string(key_string)
    if key is None:
        raise _invalid("API key not valid. Please pass a valid API key.")
    project = request.world.project(str(key.project))
    request.project = project
    request.notes.update(project=project.id, key=key.uid)
    check_known(request.world, key)
    usage = request.world.state(Usage)
    try:
        check_use(request, key, project)
    except ApiError as error:
        usage.record(project.number, key.uid, SERVICE.name, code=error.code)
        raise
    usage.record(project.number, key.uid, SERVICE.name)
    return page(request, list(_MODELS), _model, "models", default=50, most=1000)


def check_known(world: World, key: Key) -> None:
    """Refuse a key that the service does not know yet or any more; such a request is counted for nobody."""
    state = known(world, key)
    if state is Known.NOT_YET:
        raise _invalid("API key not valid. Please pass a valid API key.")
    if state is Known.EXPIRED:
        purged = world.state(ApiKeys).is_purged(key)
        gone = "API Key not found. Please pass a valid API key."
        raise _invalid(gone if purged else "API key expired. Please renew the API key.")


def check_use(request: Request, key: Key, project: Project) -> None:
    """Refuse what this key may not do here.

    Raises:
        ApiError: with the status, reason and words of the live service.
    """
    world, behaviour = request.world, request.world.behaviour
    if project.blocked == "suspended":
        # Google's own message shows the key; whoever prints it must cut it out.
        message = f"Permission denied: Consumer 'api_key:{key.key_string}' has been suspended."
        consumer = f"projects/{project.number}"
        raise refuse("PERMISSION_DENIED", message, "CONSUMER_SUSPENDED", consumer=consumer, service=SERVICE.name)
    if project.blocked == "denied":
        raise refuse("PERMISSION_DENIED", "Your project has been denied access. Please contact support.")
    if key.blocked == "leaked":
        raise refuse("PERMISSION_DENIED", "Your API key was reported as leaked. Please use another API key.")
    if behaviour.region_blocked:
        raise refuse("FAILED_PRECONDITION", "User location is not supported for the API use.")
    _check_type(world, key)
    method = METHOD.format(version=request.path.split("/")[1])
    _check_targets(key, method)
    check_client(request, key, SERVICE.name)
    if SERVICE.name in project.api_off:
        raise service_disabled(SERVICE.name, SERVICE.title, project.number)
    if project.blocked == "exhausted":
        raise exceeded(SERVICE.name, "read", project.number, 0)


def _check_type(world: World, key: Key) -> None:
    now, behaviour = world.clock.now(), world.behaviour
    unrestricted, standard = behaviour.unrestricted_refused_from, behaviour.standard_refused_from
    refused = bool(standard) and now >= parse(standard)
    refused |= bool(unrestricted) and not key.restrictions and now >= parse(unrestricted)
    if refused and not key.service_account:
        message = (
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other "
            "valid authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project."
        )
        method = METHOD.format(version="v1beta")
        raise refuse("UNAUTHENTICATED", message, "ACCESS_TOKEN_TYPE_UNSUPPORTED", method=method, service=SERVICE.name)


def _check_targets(key: Key, method: str) -> None:
    targets = key.restrictions.get("apiTargets")
    if not targets or any(_covers(target, method) for target in targets):
        return
    message = f"Requests to this API {SERVICE.name} method {method} are blocked."
    metadata = {"apiName": SERVICE.name, "methodName": method, "service": SERVICE.name}
    consumer = f"projects/{key.project}"
    raise refuse("PERMISSION_DENIED", message, "API_KEY_SERVICE_BLOCKED", consumer=consumer, **metadata)


def _covers(target: dict[str, Any], method: str) -> bool:
    if target["service"] not in {SERVICE.name, "cloudapis.googleapis.com"}:
        return False
    names = [name.rpartition(".")[2] for name in target.get("methods", [])]
    short = method.rpartition(".")[2]
    return not names or any(short == name or (name.endswith("*") and short.startswith(name[:-1])) for name in names)


def _invalid(message: str) -> ApiError:
    metadata = {"service": SERVICE.name}
    details = [localized(message)]
    return ApiError(400, "INVALID_ARGUMENT", message, reason="API_KEY_INVALID", metadata=metadata, details=details)


def _model(name: str) -> dict[str, Any]:
    title, inputs, outputs = _MODELS[name]
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": title,
        "inputTokenLimit": inputs,
        "outputTokenLimit": outputs,
        "supportedGenerationMethods": ["generateContent", "countTokens"] if outputs > 1 else ["embedContent"],
    }
