"""Finds the providers and stores: the shipped ones, and those of distributions that the user's own settings list.

Each is an entry point in the group `keyward.providers` or `keyward.stores`: a callable that takes `Surroundings` and returns the
provider or store. Installing a package is not enough to have it run with the user's credentials, so a third-party one is loaded only
when its distribution is listed, and it cannot take the name of a shipped one.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from keyward.model.errors import KeywardError, NotConfigured, UsageError
from keyward.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from importlib.metadata import Distribution, EntryPoint

    from keyward.model.surroundings import Surroundings
    from keyward.providers.interface import Provider
    from keyward.stores.interface import Store

SHIPPED = "keyward"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Plugin:
    """One provider or store that could be loaded: its name, the distribution it comes from, and why it is not used, if so."""

    name: str
    distribution: str
    passed_over: str = ""


class Plugins(Generic[T]):
    """The providers or the stores, built at first use and kept.

    Args:
        group: the entry point group.
        surroundings: what they are built from.
        allow: distributions whose plug-ins may load.
        points: the entry points; by default the installed ones.
    """

    def __init__(
        self,
        group: str,
        surroundings: "Surroundings",
        allow: Sequence[str] = (),
        points: "Callable[[str], Sequence[EntryPoint]] | None" = None,
    ) -> None:
        self._surroundings = surroundings
        self._word = group.rpartition(".")[2].removesuffix("s")
        self._points: dict[str, EntryPoint] = {}
        self._built: dict[str, T] = {}
        self._lock = threading.RLock()
        self.found: list[Plugin] = []
        allowed = {_canonical(name) for name in allow}
        # Shipped ones first, so that nobody else can take their names; then by distribution, so that the order is the same everywhere.
        for distribution, point in sorted(_with_distributions((points or _installed)(group)), key=_rank):
            plugin = Plugin(clean(point.name), distribution, self._objection(point.name, distribution, allowed))
            self.found.append(plugin)
            if not plugin.passed_over:
                self._points[point.name] = point

    def _objection(self, name: str, distribution: str, allowed: set[str]) -> str:
        if name in self._points:
            return f"the name belongs to {_distribution(self._points[name])}"
        if distribution != SHIPPED and distribution not in allowed:
            return f"{distribution} is not listed in [plugins] allow"
        return ""

    @property
    def names(self) -> list[str]:
        """The names that `get` knows, sorted."""
        return sorted(self._points)

    def get(self, name: str) -> T:
        """The provider or store of that name.

        Raises:
            UsageError: there is none of that name, or it is not allowed to load; says which.
            NotConfigured: it could not be loaded.
        """
        if name not in self._points:
            passed = next((plugin for plugin in self.found if plugin.name == name and plugin.passed_over), None)
            if passed:
                raise UsageError(
                    f"The {self._word} {name!r} of {passed.distribution} is not used: {passed.passed_over}."
                )
            raise UsageError(f"There is no {self._word} {clean(name)!r}.", hint=f"Known: {', '.join(self.names)}.")
        if name not in self._built:
            with self._lock:  # each remembers what it learned, so threads must not get different ones
                if name not in self._built:
                    self._built[name] = self._build(name)
        return self._built[name]

    def _build(self, name: str) -> T:
        point = self._points[name]
        try:
            built: Any = point.load()(self._surroundings)
        except KeywardError:
            raise
        except Exception as error:
            raise NotConfigured(
                f"The {self._word} {name!r} of {_distribution(point)} could not be loaded: {type(error).__name__}.",
                hint=f"Reinstall {_distribution(point)}, or take it out of [plugins] allow.",
            ) from error
        if built.name != name:
            raise NotConfigured(
                f"The {self._word} {name!r} of {_distribution(point)} calls itself {clean(str(built.name))!r}.",
                hint="Tell its author; a name that differs from its registration could shadow another one.",
            )
        return built  # type: ignore[no-any-return]  # the entry point's contract; its name was checked

    def __iter__(self) -> "Iterator[T]":
        return iter([self.get(name) for name in self.names])


def providers(surroundings: "Surroundings", allow: Sequence[str] = ()) -> "Plugins[Provider]":
    """All providers; `allow` lists the third-party distributions that may load."""
    return Plugins("keyward.providers", surroundings, allow)


def stores(surroundings: "Surroundings", allow: Sequence[str] = ()) -> "Plugins[Store]":
    """All stores; `allow` lists the third-party distributions that may load."""
    return Plugins("keyward.stores", surroundings, allow)


def _installed(group: str) -> "Sequence[EntryPoint]":
    return tuple(_every().select(group=group))


@cache
def _every() -> Any:
    """All that is registered on this machine, read once: that takes opening a file of every package."""
    from importlib.metadata import entry_points  # only when asked

    return entry_points()


def _canonical(name: str) -> str:
    return name.strip().lower().replace("_", "-").replace(".", "-")


def _distribution(point: "EntryPoint") -> str:
    return _name(point.dist)


def _name(dist: "Distribution | None") -> str:
    return _canonical(dist.name) if dist else "an unknown package"


def _with_distributions(points: "Sequence[EntryPoint]") -> "list[tuple[str, EntryPoint]]":
    """Each with the name of its distribution, asked for once a distribution: to answer, all that it says of itself is parsed."""
    dists = [point.dist for point in points]  # held, so that each keeps an identity of its own
    names = {id(dist): _name(dist) for dist in {id(dist): dist for dist in dists}.values()}
    return [(names[id(dist)], point) for dist, point in zip(dists, points, strict=True)]


def _rank(named: "tuple[str, EntryPoint]") -> tuple[bool, str, str]:
    distribution, point = named
    return distribution != SHIPPED, distribution, point.name
