"""Which sources a scan asks: the scopes of every provider and store that is wanted, with the consent to read values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from keyward.inventory.request import ProviderSource, ScanRequest, StoreSource
from keyward.model.capability import Can
from keyward.model.errors import NotConfigured, SourceError, UsageError
from keyward.model.source import SourceReport, SourceStatus
from keyward.paths import expanded

if TYPE_CHECKING:
    from keyward.desk.wish import ScanWish
    from keyward.model.context import Ctx
    from keyward.providers.interface import Provider
    from keyward.stores.interface import Store
    from keyward.wiring import Parts

PROJECTS = "google-projects:*"
"""The source that stands for the list of projects itself, when that could not be read."""
KEYRING = "keyring"
ENV = "env"
KEYRING_SCOPE = "*"
_ALL = "all"
_PROJECT = "project:"


class Scoped(Protocol):
    """A provider or store that knows its own scopes, as one that is not shipped has to."""

    def scopes(self, ctx: "Ctx") -> Sequence[str]:
        """What it can be asked about here."""
        ...


class Spread(Protocol):
    """A store whose scopes hold further ones, which are sources of their own: the regions of a project."""

    def within(self, scope: str) -> Sequence[str]:
        """The further scopes that the settings name in that one."""
        ...


@dataclass(frozen=True, slots=True)
class Sources:
    """A scan that can be begun, what could not even be found out, and what a person should know."""

    request: ScanRequest
    failed: tuple[SourceReport, ...] = ()
    notes: tuple[str, ...] = field(default=())


def check(wish: "ScanWish") -> "ScanWish":
    """The wish with folders among the value scopes moved to the folders, everything by its full path.

    Raises:
        UsageError: a scope that means nothing, or a folder that is not there.
    """
    folders = [*wish.folders]
    values = []
    for scope in wish.values:
        if scope == _ALL or (scope.startswith(_PROJECT) and len(scope) > len(_PROJECT)):
            values.append(scope)
        elif expanded(scope).is_dir():
            folders.append(Path(scope))  # what a folder holds may be read anyway
        else:
            raise UsageError(
                f"{scope!r} is no scope whose values could be read.", hint="Use project:ID, a folder, or all."
            )
    full = tuple(dict.fromkeys(expanded(str(folder)) for folder in folders))
    for folder in full:
        if not folder.exists():
            raise UsageError(f"There is no folder {str(folder)!r}.", hint="Correct the path.")
    return replace(wish, folders=full, values=tuple(values))


def may_read(project: str, scopes: Sequence[str]) -> bool:
    """Whether the values of that project, or of a region of it (`PROJECT@REGION`), may be read under these scopes."""
    project = project.partition("@")[0]
    return any(
        scope == _ALL or (scope.startswith(_PROJECT) and fnmatchcase(project, scope.removeprefix(_PROJECT)))
        for scope in scopes
    )


def sources(
    parts: "Parts", wish: "ScanWish", known_folders: Sequence[Path], ctx: "Ctx", *, index: bool = False
) -> Sources:
    """What to ask for this wish.

    Args:
        parts: the real parts.
        wish: as `check` gives it.
        known_folders: folders that were scanned before.
        ctx: how to ask which projects there are.
        index: whether an index, which is some minutes late, may answer for the scopes.

    Raises:
        NotConfigured: the cloud was asked for and there are no credentials, or there is nothing at all to ask.
    """
    stores = [*local(parts, [*known_folders, *wish.folders])]
    providers: list[ProviderSource] = []
    failed: tuple[SourceReport, ...] = ()
    notes: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    if not wish.local:
        scopes = (*parts.settings.scan.read_values, *wish.values)
        try:
            projects, failed = _projects(parts, wish, ctx)
        except NotConfigured as error:
            if not stores or wish.projects or wish.roots or parts.settings.scan.projects:
                raise
            projects, notes = [], (f"Google Cloud was not asked: {error}",)
        if index and projects and parts.settings.scan.index != "off":
            roots = _index_roots(parts, wish, ctx)
        for provider in parts.providers:
            found = _own(provider, ctx) if hasattr(provider, "scopes") else projects
            providers += [ProviderSource(provider, scope, may_read(scope, scopes)) for scope in found]
        for store in parts.stores:
            if Can.LOCAL not in store.can:
                found = _own(store, ctx) if hasattr(store, "scopes") else projects
                every = (one for scope in found for one in (scope, *_within(store, scope)))
                stores += [StoreSource(store, scope, may_read(scope, scopes)) for scope in every]
    if not stores and not providers and not failed:
        raise NotConfigured(
            "There is nothing to scan: no folder, no keyring, no project.",
            hint="See what there is (keyward init), name a folder (keyward scan ~/work), or sign in: gcloud auth application-default login",
        )
    request = ScanRequest(
        tuple(providers), tuple(stores), workers=parts.settings.scan.workers, host=parts.host, roots=roots
    )
    return Sources(request, failed, notes)


def local(parts: "Parts", folders: Sequence[Path]) -> Iterator[StoreSource]:
    """What only this host has: these folders beside those of the settings, and the keyring when the settings want it read."""
    every = dict.fromkeys([*(one.path for one in parts.settings.env), *folders])
    for store in parts.stores:
        if Can.LOCAL not in store.can:
            continue
        if store.name == ENV:
            yield from (StoreSource(store, str(folder), values=True) for folder in every)
        elif store.name == KEYRING:
            if parts.settings.keyring.services:
                yield StoreSource(store, KEYRING_SCOPE, values=True)
        elif hasattr(store, "scopes"):
            yield from (StoreSource(store, scope, values=True) for scope in _own(store, parts.ctx()))


def _within(store: "Store", scope: str) -> Sequence[str]:
    return cast("Spread", store).within(scope) if hasattr(store, "within") else ()


def _own(plugin: "Provider | Store", ctx: "Ctx") -> Sequence[str]:
    return cast("Scoped", plugin).scopes(ctx)


def _roots(parts: "Parts", wish: "ScanWish") -> tuple[str, ...]:
    """The organisations and folders that were named.

    Raises:
        UsageError: one has no such name.
    """
    from keyward.google.tree import root  # only where Google is asked

    scan = parts.settings.scan
    named = [*(f"organizations/{one}" for one in scan.organizations), *(f"folders/{one}" for one in scan.folders)]
    return tuple(
        dict.fromkeys(root(one.partition("/")[0], one.partition("/")[2]) for one in wish.roots or tuple(named))
    )


def _index_roots(parts: "Parts", wish: "ScanWish", ctx: "Ctx") -> tuple[str, ...]:
    """What an index is asked about: what was named, else all that the caller sees; nothing where each project was named by its id."""
    from keyward.google.tree import tops  # only where Google is asked

    patterns = wish.projects or parts.settings.scan.projects
    if (named := _roots(parts, wish)) or (patterns and not any(sign in one for one in patterns for sign in "*?[")):
        return named
    try:
        return tops(parts.google, ctx)
    except SourceError:
        return ()  # each project is asked by itself, which tells no less


def _projects(parts: "Parts", wish: "ScanWish", ctx: "Ctx") -> tuple[list[str], tuple[SourceReport, ...]]:
    """The projects, and the report of their list when that could not be read as a whole."""
    from keyward.google.tree import below  # only where Google is asked

    found: list[str] = []
    patterns = wish.projects or parts.settings.scan.projects
    exclude = (*parts.settings.scan.exclude, *wish.exclude)
    google, roots = parts.google, _roots(parts, wish)
    _ = google.identity  # without credentials every question would fail for the same reason
    try:
        # What comes before an error stays in the list.
        if roots:
            every = below(google, roots, google.projects.search(ctx, (), exclude), ctx)
            found.extend(one.id for one in every if not patterns or any(fnmatchcase(one.id, it) for it in patterns))
        else:
            found.extend(one.id for one in google.projects.search(ctx, patterns, exclude))
    except SourceError as error:
        words = {one.value for one in SourceStatus}
        status = SourceStatus(error.status if error.status in words else "failed")
        report = SourceReport(
            PROJECTS, status, error.message, error.permission, error.api, items=len(found), at=ctx.now
        )
        if not found and not patterns and not roots and google.project:
            found.append(google.project)  # the one that gcloud works in can be asked without a list
        return found, (report,)
    if (wish.projects or wish.roots) and not found:
        raise UsageError(
            f"No project that can be seen matches {', '.join((*wish.roots, *wish.projects))}.",
            hint="`gcloud projects list` shows them.",
        )
    return found, ()
