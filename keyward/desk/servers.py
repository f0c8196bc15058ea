"""The servers that keys are sent to, as settings, variables and the catalog name them. None of them is asked."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]  # documented for Unix, typeshed leaves it out

from keyward.checklists.ground import Endpoint
from keyward.google.endpoints import APIS, is_loopback
from keyward.model.errors import NotAllowed
from keyward.model.ids import DECLARED, SHAPE
from keyward.providers import catalog
from keyward.providers.guided.where import Where

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keyward.google.endpoints import Endpoints
    from keyward.model.credential import Credential

_GOOGLE: Mapping[str, str] = {
    "apikeys": "google-api-keys",
    "generativelanguage": "gemini",
    "iam": "google-sa-keys",
    "storage": "google-hmac-keys",
}
"""Which provider of the catalog answers at an API of Google; the others are asked around keys."""


def servers(
    google: "Endpoints", allow: Sequence[str], environ: Mapping[str, str], keys: "Iterable[Credential]"
) -> tuple[Endpoint, ...]:
    """Each server once a provider: Google's, every vendor's of the catalog that has one, and those that the settings allow.

    Args:
        google: where Google's APIs are asked.
        allow: hosts that the user's settings allow besides.
        environ: the user's variables; they name vendors' servers and proxies.
        keys: what the last scan knew: it tells which servers are used.
    """
    used = {_provider(key) for key in keys}
    found = [*_of_google(google, used), *_of_vendors(allow, environ, used)]
    found += [_endpoint(f"https://{host}", used=True) for host in allow]
    proxies = {
        name.lower().removesuffix("_proxy"): value for name, value in environ.items() if _is_proxy(name) and value
    }
    return tuple(_through(one, proxies) for one in found)


def _of_google(google: "Endpoints", used: set[str]) -> Iterator[Endpoint]:
    ours = any(one.startswith("google-") for one in used)
    for api in APIS:
        url = f"http://{google.grpc}" if api == "secretmanager" and google.grpc else google.url(api)
        yield _endpoint(url, _GOOGLE.get(api, ""), google=True, used=ours)


def _of_vendors(allow: Sequence[str], environ: Mapping[str, str], used: set[str]) -> Iterator[Endpoint]:
    """Where its API is; of one that keyward knows no API of, where a person signs in."""
    where = Where(environ, allow)
    for entry in map(catalog.read, catalog.ids()):
        if entry.issuers or entry.id in _GOOGLE.values():
            continue  # its keys are another's, or Google's own
        if entry.probe is None:
            yield _endpoint(entry.pages.create, entry.id, used=entry.id in used)
            continue
        try:
            url = where.of(entry.probe).base
        except NotAllowed:  # keyward sends nothing there; programs with that variable do
            url = environ[entry.probe.variable]
        yield _endpoint(url, entry.id, used=entry.id in used)


def _endpoint(url: str, provider: str = "", *, google: bool = False, used: bool = False) -> Endpoint:
    """Only scheme, host and port: what else a variable holds may be a secret."""
    try:
        parts = urlsplit(url.strip())
        host, plain = (parts.hostname or "").lower(), f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        _ = parts.port
    except ValueError:
        parts, host, plain = SplitResult("", "", "", "", ""), "", "an address that is none"
    loopback = parts.scheme == "http" and is_loopback(host)
    return Endpoint(plain, frozenset({provider} - {""}), google, used, loopback)


def _provider(key: "Credential") -> str:
    """The catalog's name of who issued it."""
    if key.ref.provider == SHAPE:
        entry = catalog.of_kind(key.ref.scope)
        return entry.id if entry is not None else ""
    return key.ref.scope.partition(".")[0] if key.ref.provider == DECLARED else key.ref.provider


def _is_proxy(name: str) -> bool:
    return name.lower() in {"https_proxy", "all_proxy", "no_proxy"}


def _through(endpoint: Endpoint, proxies: Mapping[str, str]) -> Endpoint:
    """The endpoint with the variable of the proxy that connections to it go through."""
    by = next((name for name in ("https", "all") if name in proxies), "")
    host = urlsplit(endpoint.url).netloc
    if not by or endpoint.loopback or proxy_bypass_environment(host, dict(proxies)):
        return endpoint
    return replace(endpoint, proxy=f"{by.upper()}_PROXY")
