"""Providers or stores as a mapping by name, each built when it is asked for."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from keyward.plugins import Plugins

T = TypeVar("T")


class Named(Mapping[str, T]):
    """What `Plugins` knows, as the engines want it.

    Args:
        plugins: the providers, or the stores.
    """

    def __init__(self, plugins: "Plugins[T]") -> None:
        self._plugins = plugins

    def __getitem__(self, name: str) -> T:
        if name not in self:
            raise KeyError(name)
        return self._plugins.get(name)

    def __contains__(self, name: object) -> bool:
        return name in self._plugins.names

    def __iter__(self) -> Iterator[str]:
        return iter(self._plugins.names)

    def __len__(self) -> int:
        return len(self._plugins.names)
