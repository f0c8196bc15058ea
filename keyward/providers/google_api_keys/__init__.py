"""API keys of Google Cloud projects (API Keys API v2): Gemini, Maps and all the others."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyward.model.surroundings import Surroundings
    from keyward.providers.google_api_keys.api_keys import GoogleApiKeys


def provider(surroundings: "Surroundings") -> "GoogleApiKeys":
    """The provider `google-api-keys`; nothing is asked and no credentials are looked for yet."""
    from keyward.google.parts import of
    from keyward.providers.google_api_keys.api_keys import GoogleApiKeys

    return GoogleApiKeys(of(surroundings))
