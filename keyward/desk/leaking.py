"""Which keys lie in files, in a history, or in what is about to be committed; whose each is, and what is to be done."""

import secrets
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from keyward import files
from keyward.desk.leak_advice import DEAD, Advice, advice
from keyward.desk.leak_keys import Inventory
from keyward.hygiene.leaks import baseline, search
from keyward.hygiene.leaks.found import Leak, Looked, Mark
from keyward.hygiene.leaks.git import Git
from keyward.hygiene.leaks.seek import Keys
from keyward.model.credential import Credential
from keyward.model.detector import Confidence
from keyward.model.errors import UsageError
from keyward.model.fingerprint import FingerprintKey
from keyward.model.secret import Secret

if TYPE_CHECKING:
    from keyward.desk.desk import Desk
    from keyward.model.context import Ctx


class What(StrEnum):
    """What is searched."""

    FILES = "files"
    HISTORY = "history"
    INDEX = "index"


class Naming(StrEnum):
    """Under which key ids are made: as long as that key lives they mean the same value."""

    BASELINE = "baseline"
    LEDGER = "ledger"
    RUN = "run"


@dataclass(frozen=True, slots=True)
class LeakWish:
    """What to search, and how.

    `named` are the files and folders, or the one repository; `revisions` are those of a history, none means all. `known` names the file
    of the baseline, `update` says that it is to be written. `ignored` says that what git ignores is read too. `megabytes` is the size of
    the largest text that is read. Without `inventory` neither ledger nor cache is opened.
    """

    what: What
    named: Sequence[str] = (".",)
    revisions: Sequence[str] = ()
    known: Path | None = None
    update: bool = False
    ignored: bool = False
    megabytes: int = search.LARGEST
    inventory: bool = True
    jobs: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One leak, and what is known of its key.

    `keys` are the inventory's keys with that value, listed ones first; `unread` counts listed keys that it could be as well, because nobody
    was allowed to read their values. `accepted` says that the baseline has it, `expired` that the value says so itself.
    """

    leak: Leak
    keys: Sequence[Credential]
    advice: Advice
    unread: int = 0
    accepted: bool = False
    expired: bool = False

    @property
    def mark(self) -> Mark:
        """What was found."""
        return self.leak.mark

    @property
    def doubtful(self) -> bool:
        """Whether its own checksum rules it out."""
        return self.mark.confidence == Confidence.DOUBTFUL.value

    @property
    def counts(self) -> bool:
        """Whether it is a finding: not in the baseline, and not ruled out."""
        return not self.accepted and not self.doubtful

    @property
    def dead(self) -> bool:
        """Whether all that is known says that it opens nothing any more."""
        return self.expired or (bool(self.keys) and all(key.state in DEAD for key in self.keys))


@dataclass(frozen=True, slots=True)
class Known:
    """What became of the baseline: its entries, the ids of those that occur no more, and when it was written how many came and went."""

    file: Path
    entries: int
    unused: Sequence[str] = ()
    added: int = 0
    gone: int = 0
    written: bool = False


@dataclass(frozen=True, slots=True)
class Leaked:
    """What a search found; `inventory` says whether there is one, `scanned` when it was read (UTC)."""

    wish: LeakWish
    looked: Looked
    leaks: Sequence[Told]
    naming: Naming
    inventory: bool
    scanned: datetime | None = None
    known: Known | None = None

    @property
    def findings(self) -> Sequence[Told]:
        """The leaks that count."""
        return [one for one in self.leaks if one.counts]


def leaks(desk: "Desk", wish: LeakWish, ctx: "Ctx", report: Callable[[Looked], None] = lambda _: None) -> Leaked:
    """Search, and say whose each key is. Nothing is asked of anybody, and nothing is made but a baseline that is to be written.

    Args:
        desk: parts and books.
        wish: what to search, and how.
        ctx: whether to stop.
        report: hears what was looked at so far.

    Raises:
        UsageError: a path, repository, revision or baseline that is none.
        FingerprintKeyMissing: the ledger names a key that is not here.
        Interrupted: cancelled.
        Refused: the baseline cannot be written.
    """
    before = _baseline(wish)
    with closing(Inventory(desk, wanted=wish.inventory)) as inventory:
        naming, ids = _naming(before, inventory.key)
        keys = Keys(ids, inventory.key, inventory.unshaped())
        how = search.Wish(keys, desk.parts.environ, wish.megabytes * 1_000_000, wish.jobs, ctx.check, report)
        looked, found = _search(wish, how)
        accepted = before.entries.keys() if before is not None else frozenset()
        now = ctx.now.timestamp()
        told = [_told(leak, inventory, now, accepted=leak.mark.id in accepted) for leak in found]
        result = Leaked(wish, looked, told, naming, inventory.there, inventory.scanned)
    if before is None or wish.known is None:
        return result
    known = Known(wish.known, len(before.entries), before.unused(leak.mark.id for leak in found))
    return _written(result, before, known) if wish.update else replace(result, known=known)


def _baseline(wish: LeakWish) -> baseline.Baseline | None:
    if wish.known is None:
        return None
    found = baseline.read(wish.known)
    if found is None and not wish.update:
        raise UsageError(f"There is no baseline {files.shown(wish.known)}.", hint="--update-baseline makes it.")
    return found or baseline.new()


def _naming(known: baseline.Baseline | None, ledger: FingerprintKey | None) -> tuple[Naming, FingerprintKey]:
    if known is not None:
        return Naming.BASELINE, known.naming
    if ledger is not None:
        return Naming.LEDGER, ledger
    return Naming.RUN, FingerprintKey("run", Secret(secrets.token_bytes(32)))


def _search(wish: LeakWish, how: search.Wish) -> tuple[Looked, list[Leak]]:
    if wish.what is What.FILES:
        return search.files(wish.named, how, ignore=not wish.ignored)
    git = Git(Path(wish.named[0]), how.environ, of_a_hook=wish.what is What.INDEX)
    return search.history(git, how, wish.revisions) if wish.what is What.HISTORY else search.index(git, how)


def _told(leak: Leak, inventory: Inventory, now: float, *, accepted: bool) -> Told:
    keys = inventory.keys(leak.mark)
    expired = leak.mark.expires is not None and leak.mark.expires <= now
    unread = 0 if keys else inventory.unread(leak.mark)
    return Told(leak, keys, advice(leak.mark, keys, expired=expired), unread, accepted, expired)


def _written(result: Leaked, before: baseline.Baseline, known: Known) -> Leaked:
    """Write the baseline anew; where something was not read, nothing is taken out."""
    kept = [one for one in result.leaks if not one.doubtful]
    after = before.of(one.leak for one in kept)
    unused = known.unused
    if not result.looked.complete:
        after = replace(after, entries={**{one: before.entries[one] for one in unused}, **after.entries})
        gone: Sequence[str] = ()
    else:
        gone, unused = unused, ()
    baseline.write(known.file, after)
    added = len(after.entries.keys() - before.entries.keys())
    told = [replace(one, accepted=True) if not one.doubtful else one for one in result.leaks]
    return replace(
        result, leaks=told, known=Known(known.file, len(after.entries), unused, added, len(gone), written=True)
    )
