"""How settings of unattended runs are read: rules, blackouts, times of day, addresses that hold tokens."""

import re
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from keyward.paths import expanded
from keyward.settings.values import duration, number, text, texts

if TYPE_CHECKING:
    from collections.abc import Callable

_control = re.compile(r"[\x00-\x1f\x7f]")
_account = re.compile(r"[a-z0-9][a-z0-9-]*@[a-z0-9.:-]+\.gserviceaccount\.com")
_MOST_DAYS = 36_525
_projects = re.compile(r"project:[a-z0-9.:*?\[\]!-]+")


def folder(value: object) -> Path:
    """Read the path of a folder, `~` included.

    Raises:
        ValueError: it is something else.
    """
    return expanded(text(value))


def day(value: object) -> date:
    """Read a date such as 2027-01-31, in quotes or as TOML writes it.

    Raises:
        ValueError: it is something else.
    """
    if isinstance(value, str):
        with suppress(ValueError):
            return date.fromisoformat(value)
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError(f"{value!r} is not a date such as 2027-01-31")  # noqa: TRY004  # one error type for every reader
    return value


def argv(value: object) -> tuple[str, ...]:
    """Read a program and its arguments; `~/` at the start of the program is the home folder.

    Raises:
        ValueError: it is something else, or a path that depends on the working folder.
    """
    found = texts(value)
    if not found or not found[0]:
        raise ValueError("a program is needed: a list such as ['systemctl', 'restart', 'web']")
    program = str(expanded(found[0])) if found[0].startswith("~/") else found[0]
    if "/" in program and not program.startswith("/"):
        raise ValueError(f"{program!r} depends on the working folder; write the whole path, or a name on PATH")
    return (program, *found[1:])


def variables(value: object) -> tuple[str, ...]:
    """Read names of environment variables.

    Raises:
        ValueError: one is no such name, or one of keyward's own.
    """
    found = texts(value)
    for name in found:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) or name.startswith("KEYWARD_"):
            raise ValueError(f"{name!r} is not the name of a variable that can be passed on")
    return found


def regions(value: object) -> tuple[str, ...]:
    """Read names of cloud regions such as `europe-west3`; they become parts of addresses.

    Raises:
        ValueError: one is no such name.
    """
    found = texts(value)
    for name in found:
        if not re.fullmatch(r"[a-z]{2,20}(-[a-z0-9]{1,20}){0,3}", name):
            raise ValueError(f"{name!r} is not a region such as europe-west3")
    return found


def rule_query(value: object) -> str:
    """Read a query that a rule may rest on: no display name and no bare text, which anybody who may rename a key could change.

    Raises:
        ValueError: it cannot be read, or rests on a name.
    """
    from keyward.model.errors import QueryError
    from keyward.model.query import parse  # only settings with rules pay for it

    try:
        query = parse(text(value))
    except QueryError as error:
        raise ValueError(f"{error}".rstrip(".")) from None
    if not query.terms:
        raise ValueError("an empty query would match every key; write project:* to mean that")
    for term in query.terms:
        if term.field in ("", "name"):
            what = f"{term.values[0].text!r} is text without a field" if not term.field else "name: is a display name"
            raise ValueError(f"{what}, and a rule never rests on what anybody may rename; use id:, project: or kind:")
    return query.text


def provider_id(value: object) -> str:
    """Read a provider by its id in the catalog.

    Raises:
        ValueError: the catalog has none of that id.
    """
    from keyward.providers.catalog import ids  # only settings that name a provider pay for it
    from keyward.settings.where import nearest

    found = text(value)
    if found not in ids():
        raise ValueError(f"there is no provider {found!r}. {nearest(found, ids()).rstrip('.')}")
    return found


def topic(value: object) -> str:
    """Read what a statement about data handling is about.

    Raises:
        ValueError: it is no such topic.
    """
    from keyward.model.handling import Topic

    return _word(value, tuple(Topic))


def answer(value: object) -> str:
    """Read what such a statement answers.

    Raises:
        ValueError: it is no such answer.
    """
    from keyward.model.handling import Answer

    return _word(value, tuple(Answer))


def _word(value: object, words: tuple[str, ...]) -> str:
    if value not in words:
        raise ValueError(f"{value!r} is not one of {', '.join(words)}")
    return str(value)


def page(value: object) -> str:
    """Read the https address of a page; empty is none.

    Raises:
        ValueError: it is something else.
    """
    from urllib.parse import urlsplit

    found = text(value)
    try:
        parts = urlsplit(found)
        good = not found or (parts.scheme == "https" and bool(parts.hostname) and not parts.username)
    except ValueError:
        good = False
    if not good:
        raise ValueError(f"{found!r} is not the https address of a page")
    return found


def day_count(value: object) -> int:
    """Read a number of days, 0 for not at all.

    Raises:
        ValueError: it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_DAYS:
        raise ValueError(f"{value!r} is not a number of days")
    return value


def rule_ids(value: object) -> str:
    """Read the id of a rule of hygiene such as `KW-101`, or a pattern of several such as `KW-1*`.

    Raises:
        ValueError: it is something else.
    """
    found = text(value)
    if not re.fullmatch(r"KW-(\d{3}|\d{0,2}\*)", found):
        raise ValueError(f"{found!r} is not a rule such as KW-101, or several such as KW-1*")
    return found


def bound(value: object) -> timedelta | int:
    """Read the threshold of a rule: a length of time such as 30d, or a whole number.

    Raises:
        ValueError: it is neither.
    """
    return number(value) if isinstance(value, int) else duration(value)


def service_account(value: object) -> str:
    """Read the e-mail address of a service account; empty is none.

    Raises:
        ValueError: it is something else.
    """
    found = text(value)
    if found and not _account.fullmatch(found):
        raise ValueError(f"{found!r} is not the e-mail of a service account (NAME@PROJECT.iam.gserviceaccount.com)")
    return found


def project_pattern(value: object) -> str:
    """Read which projects are meant: `project:` and an id, patterns allowed. Other things a key has do not tell who may ask for it.

    Raises:
        ValueError: it is something else.
    """
    found = text(value)
    if not _projects.fullmatch(found):
        raise ValueError(f"{found!r} does not say which projects: project:acme-prod, or project:acme-*")
    return found


def blackout(value: object) -> tuple[str, ...]:
    """Read when nothing is started or retired.

    Raises:
        ValueError: an entry is no range of times, or together they leave no time at all.
    """
    from keyward.model.calendar import Calendar  # only settings with a blackout pay for it

    found = texts(value)
    Calendar.parse(found)
    return found


def some_of(*words: str) -> "Callable[[object], tuple[str, ...]]":
    """A reader of lists that accepts only these words."""

    def read(value: object) -> tuple[str, ...]:
        found = texts(value)
        for word in found:
            if word not in words:
                raise ValueError(f"{word!r} is not one of {', '.join(words)}")
        return found

    return read


def time_of_day(value: object) -> str:
    """Read `09:00`, on this machine's clock; empty is never.

    Raises:
        ValueError: it is something else.
    """
    found = text(value)
    if found and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", found):
        raise ValueError(f"{found!r} is not a time of day such as 09:00")
    return found


def secret_url(value: object) -> str:
    """Read an address that may hold a token, over https, or over http on this machine. What was written is never repeated.

    Raises:
        ValueError: it is something else.
    """
    from urllib.parse import urlsplit  # only settings with an address pay for it

    if not isinstance(value, str) or _control.search(value):
        raise ValueError("it is not an address in quotes")
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("it is no address") from None
    local = host in ("localhost", "127.0.0.1", "::1")
    if value and (not host or parts.scheme not in ("https", *(("http",) if local else ()))):
        raise ValueError("it must begin with https://, or with http:// and lead to this machine")
    return value


def secret_urls(value: object) -> tuple[str, ...]:
    """Read a list of addresses that may hold tokens. What was written is never repeated.

    Raises:
        ValueError: it is something else.
    """
    if not isinstance(value, list) or not all(isinstance(item, str) and "://" in item for item in value):
        raise ValueError("it is not a list of addresses such as mailtos://...")
    if any(_control.search(item) for item in value):
        raise ValueError("an address holds a control character")
    return tuple(value)
