"""Google Secret Manager: global secrets of Google Cloud projects, and those of the regions that the settings name."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyward.model.surroundings import Surroundings
    from keyward.stores.gsm.secret_manager import SecretManager


def store(surroundings: "Surroundings") -> "SecretManager":
    """The store `gsm`; nothing is asked and no credentials are looked for yet."""
    from keyward.google.parts import of
    from keyward.stores.gsm.client import Connection
    from keyward.stores.gsm.secret_manager import SecretManager

    parts = of(surroundings)
    connection = surroundings.once("gsm.connection", lambda: Connection(parts))
    return SecretManager(parts, connection, surroundings.texts("scan.regions"))
