"""Keys that only a person can make and delete: those that are known by their shape alone, and those that a person declared."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyward.model.surroundings import Surroundings
    from keyward.providers.guided.guided import Guided


def shape(surroundings: "Surroundings") -> "Guided":
    """The provider of keys that nobody lists and that are recognised by their shape."""
    from keyward.model.ids import SHAPE

    return _made(SHAPE, surroundings)


def declared(surroundings: "Surroundings") -> "Guided":
    """The provider of keys that have no shape and that a person declared."""
    from keyward.model.ids import DECLARED

    return _made(DECLARED, surroundings)


def _made(name: str, surroundings: "Surroundings") -> "Guided":
    from keyward.providers.guided.guided import Guided
    from keyward.providers.guided.prober import Prober
    from keyward.providers.guided.where import Where

    where = Where(surroundings.environ, surroundings.texts("endpoints.allow"))
    return Guided(name, Prober(where), _google(surroundings))


def _google(surroundings: "Surroundings") -> "Verify":
    """Tries a Google API key: that provider reads answers which no table can."""

    def verify(value: "Secret", ctx: "Ctx") -> "Verdict":
        from keyward.providers import google_api_keys  # heavy, and seldom needed

        return google_api_keys.provider(surroundings).verify(value, None, ctx)

    return verify


if TYPE_CHECKING:
    from keyward.model.context import Ctx
    from keyward.model.secret import Secret
    from keyward.model.verdict import Verdict
    from keyward.providers.guided.guided import Verify
