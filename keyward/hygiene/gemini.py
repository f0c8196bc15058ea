"""The API keys of a project, and which of them Gemini may be called with, as far as their restrictions say."""

from collections.abc import Iterator

from keyward.hygiene.estate import Estate
from keyward.model.credential import Credential, Kind

GEMINI = "generativelanguage.googleapis.com"

EVERYTHING = frozenset({"cloudapis.googleapis.com"})
"""Names that stand for a whole group of services."""

API_KEYS = (Kind.API_KEY, Kind.AUTH_KEY)

LISTED_BY = "google-api-keys"
"""The provider of such keys."""


def calls_gemini(key: Credential) -> bool:
    """Whether a live API key is not kept from Gemini; restrictions that are not known keep it from nothing."""
    limits = key.restrictions
    if not key.live or key.kind not in API_KEYS or key.ref.provider != LISTED_BY:
        return False
    return limits is None or not limits.apis or bool({GEMINI, *EVERYTHING} & set(limits.apis))


def api_keys(project: str, estate: Estate) -> Iterator[Credential]:
    """The live API keys of a project."""
    return (
        key for key in estate.keys_of(project) if key.live and key.kind in API_KEYS and key.ref.provider == LISTED_BY
    )


def callers(project: str, estate: Estate) -> Iterator[Credential]:
    """The keys of a project that are not kept from Gemini."""
    return filter(calls_gemini, estate.keys_of(project))


def unlisted(project: str, estate: Estate) -> str:
    """Why the API keys of a project may be more than those that are known; empty where all were listed."""
    blind = next((one for one in estate.blind(project) if one.id.partition(":")[0] == LISTED_BY), None)
    return f"{blind.id} is {blind.status.value}" if blind is not None else ""
