"""Who runs keyward, for Google: Application Default Credentials, an access-token file, or nobody (loopback only)."""

import threading
import warnings
from collections.abc import MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keyward.model.errors import NotAllowed, NotConfigured
from keyward.model.text import clean
from keyward.paths import expanded

if TYPE_CHECKING:
    from keyward.google.endpoints import Endpoints
    from keyward.google.gcloud import Gcloud

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
LOGIN = "gcloud auth application-default login"

# Signs of a machine whose metadata server hands out credentials. Without one of them nobody waits for a server that is not there.
_METADATA_VARIABLES = (
    "GCE_METADATA_HOST",
    "GCE_METADATA_ROOT",
    "K_SERVICE",
    "CLOUD_RUN_JOB",
    "KUBERNETES_SERVICE_HOST",
    "GAE_ENV",
)
_DMI = Path("/sys/class/dmi/id/product_name")


class Identity:
    """Who asks. Shared by all threads; refreshes once for all of them.

    Args:
        credentials: google-auth's credentials (typed only in part there), or None for requests without any.
        description: for plans and the audit trail: an e-mail address, or what is known instead.
        quota_project: the project that these credentials name for quotas; keyward decides that call by call.
    """

    def __init__(self, credentials: Any, description: str, quota_project: str = "") -> None:
        self.credentials = credentials
        self.description = description
        self.quota_project = quota_project
        self._lock = threading.Lock()

    def authorise(
        self, request: Any, uri: str, method: str, headers: MutableMapping[str, str], *, refused: str = ""
    ) -> None:
        """Put the token into the headers, refreshed when it is old or was just refused.

        Args:
            request: google-auth's transport for the refresh.
            uri: what is asked.
            method: how.
            headers: changed in place.
            refused: the Authorization header that was answered with 401.

        Raises:
            google.auth.exceptions.GoogleAuthError: no token could be had.
        """
        if self.credentials is None:
            return
        with self._lock:
            if refused and self._current() == refused:
                self.credentials.refresh(request)
            self.credentials.before_request(request, method, uri, headers)

    def _current(self) -> str:
        headers: dict[str, str] = {}
        if self.credentials is not None and self.credentials.token:
            self.credentials.apply(headers)
        return next((value for name, value in headers.items() if name.lower() == "authorization"), "")

    def check(self, api: str, endpoints: "Endpoints") -> None:
        """Refuse to ask Google without credentials.

        Raises:
            NotAllowed: there are none, and the API is not on this machine.
        """
        if self.credentials is None and not endpoints.loopback(api):
            raise NotAllowed(
                f"CLOUDSDK_AUTH_DISABLE_CREDENTIALS is set, but {api} is asked at {endpoints.url(api)}.",
                hint=f"Unset it, or send {api} to an emulator with CLOUDSDK_API_ENDPOINT_OVERRIDES_{api.upper()}.",
            )


def find(gcloud: "Gcloud") -> Identity:
    """The identity that the environment and gcloud's properties give.

    Args:
        gcloud: `auth/disable_credentials` and `auth/access_token_file` are read from it.

    Raises:
        NotConfigured: there are no credentials; the hint is the command that makes some.
    """
    if gcloud.true("auth", "disable_credentials"):
        return Identity(None, "no credentials (emulator)")
    token_file = gcloud.get("auth", "access_token_file")
    if token_file is not None:
        return _from_token_file(expanded(token_file.value), token_file.origin)
    return _default(gcloud)


def _from_token_file(file: Path, origin: str) -> Identity:
    from keyward.google.tokenfile import TokenFile  # google-auth is loaded only when Google is asked

    credentials = TokenFile(file, origin)
    credentials.read()
    return Identity(credentials, f"access token from {clean(str(file))}")


def _default(gcloud: "Gcloud") -> Identity:
    import google.auth
    from google.auth.exceptions import GoogleAuthError

    if not _any_sign(gcloud):
        raise _nothing_found()
    try:
        with warnings.catch_warnings():
            # The quota project is set for every call by keyward; the library cannot know that and warns.
            warnings.simplefilter("ignore", UserWarning)
            credentials, _ = google.auth.default(scopes=[SCOPE])
    except GoogleAuthError as error:
        raise _nothing_found(type(error).__name__) from None
    return _identity(credentials)


def _identity(credentials: Any) -> Identity:
    quota_project = getattr(credentials, "quota_project_id", None) or ""
    # Otherwise the library would write this project over the one that keyward names for a call.
    return Identity(
        credentials.with_quota_project(None) if quota_project else credentials, _describe(credentials), quota_project
    )


def _any_sign(gcloud: "Gcloud") -> bool:
    environ = gcloud.environ
    if (
        environ.get("GOOGLE_APPLICATION_CREDENTIALS")
        or (gcloud.folder / "application_default_credentials.json").exists()
    ):
        return True
    if environ.get("NO_GCE_CHECK", "").lower() == "true":
        return False
    if any(environ.get(name) for name in _METADATA_VARIABLES):
        return True
    try:
        return "Google" in _DMI.read_text(encoding="ascii", errors="replace")
    except OSError:
        return False


def _nothing_found(why: str = "") -> NotConfigured:
    return NotConfigured(
        f"No Google credentials were found{f' ({why})' if why else ''}.",
        hint=f"Run: {LOGIN} (or set GOOGLE_APPLICATION_CREDENTIALS, or CLOUDSDK_AUTH_ACCESS_TOKEN_FILE).",
    )


def _describe(credentials: Any) -> str:
    for name in ("service_account_email", "signer_email", "account"):
        value = getattr(credentials, name, None)
        if isinstance(value, str) and "@" in value:
            return clean(value)
    kind = type(credentials).__module__.rpartition(".")[2].replace("_", " ").strip()
    return f"Application Default Credentials ({kind})"
