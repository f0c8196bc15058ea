"""Keys of Google Cloud service accounts (IAM v1): key files, uploaded or created."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyward.model.surroundings import Surroundings
    from keyward.providers.google_sa_keys.sa_keys import GoogleServiceAccountKeys


def provider(surroundings: "Surroundings") -> "GoogleServiceAccountKeys":
    """The provider `google-sa-keys`; nothing is asked and no credentials are looked for yet."""
    from keyward.google.parts import of
    from keyward.providers.google_sa_keys.sa_keys import GoogleServiceAccountKeys

    return GoogleServiceAccountKeys(of(surroundings))
