"""As whom Google is asked: for reading and for changes, by project."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Protocol

from keyward.google.credentials import Identity

if TYPE_CHECKING:
    from keyward.google.endpoints import Endpoints

_PROJECT = "project:"


class Rule(Protocol):
    """Accounts to act as for some projects: `match` is `project:` and a pattern, `read` and `write` are e-mail addresses or empty."""

    @property
    def match(self) -> str: ...  # noqa: D102  # the class says it
    @property
    def read(self) -> str: ...  # noqa: D102  # the class says it
    @property
    def write(self) -> str: ...  # noqa: D102  # the class says it


@dataclass(frozen=True, slots=True)
class Wanted:
    """The settings: accounts to act as for reading and for changes, and rules that come before them; empty is oneself."""

    read: str = ""
    write: str = ""
    rules: Sequence[Rule] = field(default=())

    def account(self, project: str, *, changes: bool) -> str:
        """Which account is acted as about that project; the first rule that matches says so, if it says anything."""
        rule = next((one for one in self.rules if _matches(one, project)), None)
        if changes:
            return (rule.write if rule is not None else "") or self.write
        return (rule.read if rule is not None else "") or self.read


class Identities:
    """Who asks about which project, for what. No token is fetched before a request needs it.

    Args:
        own: who runs keyward.
        wanted: the settings.
        endpoints: where tokens of other accounts are asked for.
    """

    def __init__(self, own: Identity, wanted: Wanted, endpoints: "Endpoints") -> None:
        self.own = own
        self._wanted = wanted
        self._endpoints = endpoints
        self._lock = threading.Lock()
        self._made: dict[str, Identity] = {"": own}

    def of(self, project: str, *, changes: bool) -> Identity:
        """Who asks about that project (an id; empty for none in particular), to read or as part of a change."""
        return self._kept(self._wanted.account(project, changes=changes))

    def _kept(self, account: str) -> Identity:
        with self._lock:
            if account not in self._made:
                self._made[account] = self._make(account)
            return self._made[account]

    def _make(self, account: str) -> Identity:
        from keyward.google.impersonation import Impersonated  # google-auth is loaded only when Google is asked

        made = Impersonated(account, self.own, self._endpoints)
        return Identity(made, f"{account} (impersonated by {self.own.description})", self.own.quota_project)

    @property
    def several(self) -> bool:
        """Whether keyward acts as somebody else than who runs it, anywhere or for anything."""
        return bool(self._wanted.read or self._wanted.write or self._wanted.rules)

    def apart(self, project: str) -> bool:
        """Whether changes in that project are made by somebody else than who reads it."""
        return self._wanted.account(project, changes=True) != self._wanted.account(project, changes=False)

    def every(self, *, changes: bool) -> Iterator[tuple[str, Identity]]:
        """(which projects, who asks about them) of each rule that says so; last, with no projects, who asks about all others."""
        for rule in self._wanted.rules:
            if account := rule.write if changes else rule.read:
                yield rule.match, self._kept(account)
        yield "", self._kept(self._wanted.write if changes else self._wanted.read)

    def said(self, *, changes: bool) -> str:
        """All of them in a line, for plans and the audit trail."""
        *ruled, (_, everywhere) = self.every(changes=changes)
        named = [f"in {match} {identity.description}" for match, identity in ruled]
        return "; ".join((*named, f"elsewhere {everywhere.description}" if named else everywhere.description))


def _matches(rule: Rule, project: str) -> bool:
    return fnmatchcase(project, rule.match.removeprefix(_PROJECT))
