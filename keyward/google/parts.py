"""What all Google modules of one process share, made from the surroundings at first use."""

from typing import TYPE_CHECKING, cast

from keyward.edge import hush
from keyward.google import credentials, endpoints
from keyward.google.calls import Calls
from keyward.google.gcloud import Gcloud
from keyward.google.http import Http
from keyward.google.identities import Identities, Wanted
from keyward.google.projects import Projects
from keyward.google.quota import Quotas
from keyward.google.reader import read
from keyward.google.services import Services

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from keyward.google.credentials import Identity
    from keyward.google.endpoints import Endpoints
    from keyward.google.errors import GoogleError
    from keyward.google.identities import Rule
    from keyward.model.context import Ctx
    from keyward.model.surroundings import Surroundings


class GoogleParts:
    """Endpoints at once; credentials and connections when something is really asked.

    Args:
        surroundings: environment, folders, and the options `endpoints.allow`, `google.quota_project`, `google.read.impersonate`,
            `google.write.impersonate`, `google.identity`.
    """

    def __init__(self, surroundings: "Surroundings") -> None:
        hush()  # before a library of Google's is imported, which looks at the environment then
        self._surroundings = surroundings
        self.gcloud = Gcloud(surroundings.environ, surroundings.user_home)

    @property
    def endpoints(self) -> "Endpoints":
        """Where each API is asked.

        Raises:
            NotAllowed: a place that may not be trusted.
            NotConfigured: gcloud's configuration cannot be read.
        """
        allow = self._surroundings.texts("endpoints.allow")
        return self._surroundings.once("google.endpoints", lambda: endpoints.find(self.gcloud, allow))

    @property
    def identity(self) -> "Identity":
        """Who runs keyward; whom Google sees is for `identities` to say.

        Raises:
            NotConfigured: there are no credentials.
        """
        return self._surroundings.once("google.own", lambda: credentials.find(self.gcloud))

    @property
    def identities(self) -> Identities:
        """As whom Google is asked, by project, for reading and for changes.

        Raises:
            NotConfigured: there are no credentials.
        """

        def make() -> Identities:
            around = self._surroundings
            rules = cast("Sequence[Rule]", around.options.get("google.identity") or ())
            wanted = Wanted(around.text("google.read.impersonate"), around.text("google.write.impersonate"), rules)
            return Identities(self.identity, wanted, self.endpoints)

        return self._surroundings.once("google.identities", make)

    def caller(self, project: str, ctx: "Ctx") -> str:
        """Who asks about that project in this context: an e-mail address, or what is known instead."""
        return self.identities.of(project, changes=ctx.changes).description

    def untested(self, project: str, ctx: "Ctx") -> str:
        """Why permissions for changes in that project cannot be tested in this context; empty where they can."""
        if ctx.changes or not self.identities.apart(project):
            return ""
        writer = self.identities.of(project, changes=True)
        return f"{writer.description} would act, and is not asked for anything before something may be changed"

    def refusal(self, identity: "Identity") -> "GoogleError | None":
        """What stands in the way of acting as that identity: a token is fetched for it; None when it came."""
        try:
            self.http.speaking(identity).authorisation(self.endpoints.url("cloudresourcemanager"))
        except Exception as exception:
            error = read(exception)
            if error is None:
                raise
            return error
        return None

    @property
    def project(self) -> str:
        """The project that gcloud works in (`core/project`); empty when none is set."""
        setting = self.gcloud.get("core", "project")
        return setting.value if setting else ""

    @property
    def home(self) -> str:
        """The project charged where the project asked about refuses: keyward's setting, gcloud's, that of the credentials."""
        billing = self.gcloud.get("billing", "quota_project")
        named = billing.value if billing and billing.value not in {"CURRENT_PROJECT", "LEGACY"} else ""
        return self._surroundings.text("google.quota_project") or named or self.identity.quota_project or self.project

    @property
    def metrics_scopes(self) -> tuple[str, ...]:
        """The projects whose metrics scopes answer for many; empty: each project is asked by itself."""
        return tuple(cast("Iterable[str]", self._surroundings.options.get("google.metrics_scopes") or ()))

    @property
    def calls(self) -> Calls:
        """Quota, patience, fallback: one for all APIs, so that all threads share the quotas."""
        return self._surroundings.once("google.calls", lambda: Calls(Quotas(), self.home))

    @property
    def services(self) -> Services:
        """The REST APIs."""

        def make() -> Services:
            return Services(self.endpoints, self.identities, self.calls, self.http)

        return self._surroundings.once("google.services", make)

    @property
    def projects(self) -> Projects:
        """The directory of projects."""
        return self._surroundings.once("google.projects", lambda: Projects(self))

    @property
    def http(self) -> Http:
        """HTTP with a token: of who runs keyward, or of whom it is told to speak as."""
        return self._surroundings.once("google.http", lambda: Http(self.identity, ca_certs=self.ca_certs))

    @property
    def plain_http(self) -> Http:
        """HTTP that never carries a token: for asking with a key."""
        return self._surroundings.once("google.plain_http", lambda: Http(None, ca_certs=self.ca_certs))

    @property
    def ca_certs(self) -> str | None:
        """A file of certificates that the user's network needs (`core/custom_ca_certs_file`)."""
        setting = self.gcloud.get("core", "custom_ca_certs_file")
        return setting.value if setting else None


def of(surroundings: "Surroundings") -> GoogleParts:
    """The Google parts of this process."""
    return surroundings.once("google", lambda: GoogleParts(surroundings))
