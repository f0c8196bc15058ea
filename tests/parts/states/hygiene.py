"""What the rules find, and what providers do with what is sent to them."""

from keyward.model.errors import NotAllowed, SettingsError
from keyward.tui.screens.findings import FindingsScreen
from keyward.tui.screens.providers import ProvidersScreen
from tests.parts import found
from tests.parts.states import Shown, State
from tests.parts.states.lists import AWAY, DENIED, OLD, PARTLY, READ, known, pressing

WRONG = SettingsError(
    "[[policy]] rule = 'KW-9': there is no such rule.", file="/h/keyward.toml", line=3, hint="`keyward explain` lists them."
)  # fmt: skip
SHUT = NotAllowed("/h/cache/inventory.db can be written by others.", hint="Remove it and scan again.")


def judging(findings=found.ALL, sources=READ, scanned=found.NOW, rows=None, **more):
    """A desk that judges like that."""
    told = (found.checked(findings, sources, scanned, 6 if scanned else 0), ())
    return known(*(() if rows is None else (rows, sources)), **{"judge": told, **more})


def _findings():
    there = pressing("2")
    seen = ("1 not known", "1 accepted", "KW-406", "keyward rotate google-sa-keys")

    return {
        "normal": State(judging(), there, ("2 critical", "PROD", *seen)),
        "loading": State(judging(judge="held"), there, ("Judging ...", "Nobody is asked")),
        "empty": State(judging(()), there, ("No rule is broken, and none is unknown.",)),
        "partial": State(judging(sources=(*READ, *PARTLY), rows=OLD), there, ("6 of 7 sources seen", *seen)),
        "partial, nothing found": State(judging((), (*READ, DENIED), rows=OLD), there, ("Nothing is known to be broken.", "Not everything was seen.")),
        "denied": State(judging(sources=(*READ, DENIED), rows=OLD), there, ("4 of 5 sources seen", *seen)),
        "offline": State(judging(sources=(*READ, AWAY), rows=OLD), there, ("4 of 5 sources seen", *seen)),
        "error": State(judging(judge=WRONG), there, ("/h/keyward.toml:3", "there is no such rule", "^R tries again.")),
        "nothing was scanned": State(judging((), (), None), there, ("Nothing was scanned yet.", "scans")),
        "words": State(judging(), pressing("2", "slash", *"acme-dev"), ("2 of 8",)),
        "no such words": State(judging(), pressing("2", "slash", *"zebra"), ("No finding has these words; Esc clears",)),
    }  # fmt: skip


def _providers():
    there = pressing("3")

    shown = known(**found.catalog())
    return {
        "normal": State(shown, there, ("Gemini", "Unpaid", "STALE", "vendor's page")),
        "loading": State(known(providers="held"), there, ("Reading ...",)),
        "empty": State(shown, pressing("3", "slash", *"zebra"), ("No provider has these words; Esc clears the filter.",)),
        "denied": State(known(providers=SHUT), there, ("can be written by others", "Remove it")),
        "error": State(known(providers=WRONG), there, ("/h/keyward.toml:3", "Esc goes back")),
    }  # fmt: skip


def pages():
    """What is read on a page of its own: a rule explained, a provider with all its statements."""

    def further(key, text, *keys):
        async def go(stage):
            await pressing(key)(stage)
            await stage.shows(text)
            await stage.press(*keys)

        return go

    return {
        "a rule explained": State(
            judging(), further("2", "KW-406", "j", "j", "e"), ("KW-101 Key older than allowed", "how old a key may be", "OWASP NHI7"),
        ),
        "a provider": State(
            known(**found.catalog()), further("3", "Unpaid", "enter"), ("Data handling, all tiers", "55 d. Against abuse."),
        ),
    }  # fmt: skip


def shown():
    """The screens of this module."""
    own = "the catalog is a part of the program and of the settings: nobody is asked for it"
    return (
        Shown(FindingsScreen, _findings(), {}),
        Shown(ProvidersScreen, _providers(), dict.fromkeys(("partial", "offline"), own)),
    )  # fmt: skip
