"""The organisation and its folders; projects hang below them by `Project.parent`."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, ClassVar

from keyward.emulator.clock import micros, parse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from keyward.emulator.world import World


@dataclass(slots=True)
class Node:
    """An organisation (without parent) or a folder."""

    name: str
    """`organizations/N` or `folders/N`."""
    display_name: str
    create_time: datetime
    parent: str = ""
    customer: str = ""
    """Directory customer id of an organisation."""
    denied: list[str] = dataclasses.field(default_factory=list)
    """Permissions that the caller lacks on it; `*` stands for any text."""

    def denies(self, permission: str) -> bool:
        """Say whether the caller lacks a permission here."""
        return any(fnmatchcase(permission, pattern) for pattern in self.denied)

    def resource(self) -> dict[str, Any]:
        """Give the JSON resource."""
        out = {
            "name": self.name,
            "parent": self.parent,
            "displayName": self.display_name,
            "directoryCustomerId": self.customer,
            "state": "ACTIVE",
            "createTime": micros(self.create_time),
            "updateTime": micros(self.create_time),
        }
        return {name: value for name, value in out.items() if value}


class Tree:
    """Organisations and folders of the world."""

    slot: ClassVar[str] = "tree"

    def __init__(self, world: World) -> None:
        self._world = world
        self._nodes: dict[str, Node] = {}

    def plant_organization(self, display_name: str, *, create_time: datetime | None = None) -> Node:
        """Create an organisation."""
        ids = self._world.ids
        return self._add(
            f"organizations/{ids.digits(12)}", display_name, create_time, customer=f"C0{ids.hexadecimal(7)}"
        )

    def plant_folder(self, display_name: str, parent: Node, *, create_time: datetime | None = None) -> Node:
        """Create a folder below an organisation or a folder."""
        return self._add(f"folders/{self._world.ids.digits(12)}", display_name, create_time, parent=parent.name)

    def get(self, name: str) -> Node | None:
        """Give a node by resource name."""
        return self._nodes.get(name)

    def nodes(self, kind: str) -> list[Node]:
        """Give all nodes whose name begins with `organizations` or `folders`."""
        return [node for node in self._nodes.values() if node.name.startswith(kind)]

    def dump(self) -> dict[str, Any]:
        """Give everything as JSON values."""
        nodes = [{**dataclasses.asdict(node), "create_time": micros(node.create_time)} for node in self._nodes.values()]
        return {"nodes": nodes}

    def load(self, data: Mapping[str, Any]) -> None:
        """Take back what `dump` gave."""
        for one in data["nodes"]:
            self._nodes[one["name"]] = Node(**{**one, "create_time": parse(one["create_time"])})

    def _add(
        self, name: str, display_name: str, create_time: datetime | None, parent: str = "", customer: str = ""
    ) -> Node:
        node = Node(name, display_name, create_time or self._world.clock.now(), parent, customer)
        self._nodes[name] = node
        self._world.dirty = True
        return node
