"""What the inventory holds: every resource of a project as its own service shows it, without what is secret, and as late as is set."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from keyward.emulator.accountkeys.state import AccountKeys
from keyward.emulator.apikeys.state import ApiKeys
from keyward.emulator.clock import micros
from keyward.emulator.iam import ServiceAccounts
from keyward.emulator.resourcemanager.tree import Tree
from keyward.emulator.secretmanager.book import Book
from keyward.emulator.secretmanager.resources import Parent
from keyward.emulator.secretmanager.wire import secret_json, version_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from keyward.emulator.apikeys.key import Key
    from keyward.emulator.projects import Project
    from keyward.emulator.world import World

PROJECT = "cloudresourcemanager.googleapis.com/Project"
KEY = "apikeys.googleapis.com/Key"
ACCOUNT = "iam.googleapis.com/ServiceAccount"
ACCOUNT_KEY = "iam.googleapis.com/ServiceAccountKey"
SECRET = "secretmanager.googleapis.com/Secret"  # noqa: S105  # a type
VERSION = "secretmanager.googleapis.com/SecretVersion"


@dataclass(frozen=True, slots=True)
class Asset:
    """One resource. `data` gives what its service shows of it, made only for the page that shows it."""

    kind: str
    name: str
    project: Project
    parent: str
    """Full resource name."""
    updated: datetime
    data: Callable[[], dict[str, Any]]


def below(world: World, scope: str) -> list[Project]:
    """The projects in `organizations/N`, `folders/N` or `projects/P`, at any depth."""
    return [
        one
        for one in world.projects()
        if scope in {one.resource, f"projects/{one.id}"} or scope in ancestors(world, one)
    ]


def ancestors(world: World, project: Project) -> list[str]:
    """The names from the project up to its organisation."""
    names, tree = [project.resource], world.state(Tree)
    above = project.parent
    while above:
        names.append(above)
        node = tree.get(above)
        above = node.parent if node else ""
    return names


def assets(world: World, projects: list[Project], kinds: Callable[[str], bool]) -> list[Asset]:
    """Everything of those kinds in those projects that the inventory has noticed by now."""
    then = world.clock.now() - timedelta(seconds=world.behaviour.asset_lag_seconds)
    makers = {
        PROJECT: _project,
        KEY: _keys,
        ACCOUNT: _accounts,
        ACCOUNT_KEY: _account_keys,
        SECRET: _secrets,
        VERSION: _versions,
    }
    wanted = [make for kind, make in makers.items() if kinds(kind)]
    return [one for project in projects for make in wanted for one in make(world, project, then)]


def _project(_: World, project: Project, __: datetime) -> Iterator[Asset]:
    # The inventory shows projects as v1 of their service does.
    data = {
        "projectNumber": str(project.number),
        "projectId": project.id,
        "lifecycleState": project.state,
        "name": project.name,
        "createTime": micros(project.create_time),
        "labels": dict(project.labels),
    }
    parent = f"//cloudresourcemanager.googleapis.com/{project.parent}" if project.parent else ""
    name = f"//cloudresourcemanager.googleapis.com/{project.resource}"
    yield Asset(PROJECT, name, project, parent, project.create_time, partial(dict, data))


def _keys(world: World, project: Project, then: datetime) -> Iterator[Asset]:
    parent = f"//cloudresourcemanager.googleapis.com/{project.resource}"
    behaviour = world.behaviour
    for key in world.state(ApiKeys).keys(project.number).values():
        hidden = key.delete_time is not None and key.delete_time <= then and not behaviour.asset_deleted_keys
        if key.create_time <= then and not hidden:
            data: Callable[[], dict[str, Any]] = key.resource
            if key.delete_time and key.delete_time > then:
                data = partial(_undeleted, key)
            if not behaviour.asset_key_data:
                data = partial(dict, {"name": key.name})
            yield Asset(KEY, f"//apikeys.googleapis.com/{key.name}", project, parent, key.update_time, data)


def _undeleted(key: Key) -> dict[str, Any]:
    return {name: value for name, value in key.resource().items() if name != "deleteTime"}


def _accounts(world: World, project: Project, _: datetime) -> Iterator[Asset]:
    parent = f"//cloudresourcemanager.googleapis.com/{project.resource}"
    for one in world.state(ServiceAccounts).of(project):
        name = f"//iam.googleapis.com/projects/{project.id}/serviceAccounts/{one.unique_id}"
        yield Asset(ACCOUNT, name, project, parent, project.create_time, one.resource)


def _account_keys(world: World, project: Project, then: datetime) -> Iterator[Asset]:
    state = world.state(AccountKeys)
    for account in world.state(ServiceAccounts).of(project):
        above = f"//iam.googleapis.com/projects/{project.id}/serviceAccounts"
        who = account.unique_id if world.behaviour.asset_account_names == "unique-id" else account.email
        for key in state.of(account.email):
            if key.made <= then and (key.deleted is None or key.deleted > then):
                yield Asset(
                    ACCOUNT_KEY,
                    f"{above}/{who}/keys/{key.key_id}",
                    project,
                    f"{above}/{account.email}",
                    key.made,
                    partial(key.resource, project.id),
                )
        for item in state.system_managed(account):
            name = f"{above}/{who}/keys/{item['name'].rpartition('/')[2]}"
            yield Asset(
                ACCOUNT_KEY, name, project, f"{above}/{account.email}", project.create_time, partial(dict, item)
            )


def _secrets(world: World, project: Project, then: datetime) -> Iterator[Asset]:
    parent = f"//cloudresourcemanager.googleapis.com/{project.resource}"
    for one in world.state(Book).newest_first(Parent(str(project.number))):
        if one.created <= then:
            name = f"//secretmanager.googleapis.com/{one.name}"
            yield Asset(SECRET, name, project, parent, one.created, partial(secret_json, one))


def _versions(world: World, project: Project, then: datetime) -> Iterator[Asset]:
    for secret in world.state(Book).newest_first(Parent(str(project.number))):
        parent = f"//secretmanager.googleapis.com/{secret.name}"
        for one in secret.versions:
            if one.created <= then:
                name = f"//secretmanager.googleapis.com/{secret.version_name(one)}"
                changed = one.destroyed or one.created
                yield Asset(VERSION, name, project, parent, changed, partial(version_json, secret, one))
