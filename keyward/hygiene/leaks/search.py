"""Searches files, a history or an index, and says of each value everywhere that it lies."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from keyward.hygiene.leaks import crew
from keyward.hygiene.leaks.found import GAPS, Answer, Item, Leak, Left, Looked, Mark, Place
from keyward.hygiene.leaks.git import Git
from keyward.hygiene.leaks.history import First, History, staged
from keyward.hygiene.leaks.reading import Setup
from keyward.hygiene.leaks.seek import Keys
from keyward.hygiene.leaks.tree import Tree, shown

Check = Callable[[], None]
LARGEST = 64
"""Megabytes of the largest text that is read, unless somebody says otherwise."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How to search.

    `keys` are what names values, `environ` the user's variables (for git), `largest` is in bytes, `jobs` are processes (None: as many as
    there are processors). `check` is called often, and what it raises stops the search; `report` hears what was looked at so far.
    """

    keys: Keys
    environ: Mapping[str, str]
    largest: int = LARGEST * 1_000_000
    jobs: int | None = None
    check: Check = field(default=lambda: None)
    report: Callable[[Looked], None] = field(default=lambda _: None)


def files(named: Sequence[str], wish: Wish, *, ignore: bool = True) -> tuple[Looked, list[Leak]]:
    """Keys in these files and folders.

    Args:
        named: paths.
        wish: how.
        ignore: whether what git ignores is left out.

    Raises:
        UsageError: one of them is not there.
    """
    looked = Looked()
    tree = Tree(looked, wish.environ, ignore=ignore, check=wish.check)
    found = _look(tree.items(named), Setup(wish.keys, wish.largest), wish, looked)
    return looked, _grouped((mark, Place(shown(item.at), mark.line, in_query=mark.in_query)) for item, mark in found)


def history(git: Git, wish: Wish, revisions: Sequence[str] = ()) -> tuple[Looked, list[Leak]]:
    """Keys in the history of a repository: each with the commit that first brought it to each path.

    Args:
        git: git in the repository.
        wish: how.
        revisions: which commits; none: all that a branch, tag, remote or stash leads to.

    Raises:
        UsageError: there is no repository, or no such revision.
    """
    looked = Looked()
    past = History(git, looked, largest=wish.largest, revisions=revisions)
    setup = Setup(wish.keys, wish.largest, past.reads, past.environ)
    found = _look(past.items(), setup, wish, looked)
    versions = {item.at for item, _ in found if not item.commit}
    firsts, there = past.first(versions), past.in_head(versions)
    made = past.times({item.at for item, _ in found if item.commit})
    places: dict[tuple[str, str, str], list[tuple[First, Mark, bool | None]]] = {}
    for item, mark in found:
        for first in firsts.get(item.at) or [First(item.at if item.commit else "", made.get(item.at), item.name)]:
            now = None if there is None or item.commit else (item.at, first.path) in there
            text = first.commit if item.commit else ""  # each text of a commit is a place of its own
            places.setdefault((mark.id, first.path, text), []).append((first, mark, now))
    return looked, _grouped(_oldest(several) for several in places.values())


def index(git: Git, wish: Wish) -> tuple[Looked, list[Leak]]:
    """Keys that the index would bring into the repository: in a changed file, and in no version that the change replaces.

    Raises:
        UsageError: there is no repository.
    """
    looked = Looked()
    changes = staged(git)
    setup = Setup(wish.keys, wish.largest, git.argv("cat-file", "--batch"), git.environ)
    after = _sized(git, [(one.after, one.path) for one in changes if one.after], wish.largest, looked)
    found = _look(after, setup, wish, looked)
    if not found:
        return looked, []
    before = _sized(git, [(one.before, one.path) for one in changes if one.before], wish.largest, Looked())
    known = {mark.id for _, mark in _look(before, setup, wish, Looked())}
    old = {mark.id for _, mark in found} & known
    if old:
        looked.notes.append(f"{len(old)} of the keys in these files lay there before: `keyward leaks .` tells of all")
    new = ((item, mark) for item, mark in found if mark.id not in known)
    return looked, _grouped((mark, Place(shown(item.name), mark.line, in_query=mark.in_query)) for item, mark in new)


def _look(items: Iterable[Item], setup: Setup, wish: Wish, looked: Looked) -> list[tuple[Item, Mark]]:
    found: list[tuple[Item, Mark]] = []
    for answer in crew.look(items, setup, wish.check, wish.jobs):
        _count(answer, looked, objects=bool(setup.git))
        found.extend(answer.marks)
        wish.report(looked)
    return sorted(found, key=lambda one: (one[0].name, one[0].at, one[1].line))


def _count(answer: Answer, looked: Looked, *, objects: bool) -> None:
    looked.read += answer.read
    looked.size += answer.size
    for one in answer.left:
        looked.leave(one.why)
        if one.why in GAPS:
            looked.gaps.append((shown(one.item.name if objects else one.item.at), one.why, one.detail))


def _sized(git: Git, objects: Sequence[tuple[str, str]], largest: int, looked: Looked) -> list[Item]:
    """The objects as items; those that are too large are left out."""
    asked = "".join(f"{oid}\n" for oid, _ in objects).encode()
    told = git.ask("cat-file", "--batch-check=%(objectsize)", "--buffer", stdin=asked).decode().split("\n")
    items = []
    for (oid, path), size in zip(objects, told, strict=False):
        if size.isdigit() and int(size) > largest:
            looked.leave(Left.TOO_LARGE)
            looked.gaps.append((shown(path), Left.TOO_LARGE, f"{size} bytes"))
        else:
            items.append(Item(oid, path, int(size) if size.isdigit() else 0))
    return items


def _oldest(several: Sequence[tuple[First, Mark, bool | None]]) -> tuple[Mark, Place]:
    """The first of several versions of one file that hold the same value."""
    first, mark, _ = min(several, key=lambda one: one[0].order)
    known = [now for _, _, now in several if now is not None]
    now = any(known) if known else None
    return mark, Place(shown(first.path), mark.line, first.commit, first.at, now, mark.in_query)


def _grouped(found: Iterable[tuple[Mark, Place]]) -> list[Leak]:
    """One leak a value, in the order of their places."""
    by_id: dict[str, tuple[Mark, dict[Place, None]]] = {}
    for mark, place in found:
        by_id.setdefault(mark.id, (mark, {}))[1][place] = None
    leaks = [Leak(mark, sorted(places, key=_order)) for mark, places in by_id.values()]
    return sorted(leaks, key=lambda leak: (_order(leak.places[0]), leak.mark.id))


def _order(place: Place) -> tuple[str, int, str]:
    return place.path, place.line, place.commit
