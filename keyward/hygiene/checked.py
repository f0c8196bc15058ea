"""What a check found, and what it rests on: all that a report needs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from keyward.hygiene.judging import Judged
from keyward.hygiene.rule import Rule
from keyward.hygiene.since import Change, Since
from keyward.model.gap import Gap
from keyward.model.source import SourceReport

_NEWS = (Change.NEW, Change.CHANGED, Change.FIXED, Change.NOT_JUDGED)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found.

    `at` is its moment and `scanned_at` that of what it rests on, both UTC; the latter is None when nothing was scanned yet. `sources`
    are what was asked, `gaps` what somebody said need not be seen. `keys`, `secrets` and `projects` are how many were judged. `since` is
    the comparison with an earlier check, None where none was made or none is kept.
    """

    at: datetime
    scanned_at: datetime | None
    world: str
    judged: Judged
    rules: Sequence[Rule]
    keys: int
    secrets: int
    projects: int
    sources: Sequence[SourceReport]
    gaps: Mapping[str, Gap]
    since: Since | None = None

    @property
    def partial(self) -> bool:
        """Whether it does not tell everything: nothing to judge, or sources that were not seen."""
        return self.scanned_at is None or not (self.keys or self.secrets or self.projects) or bool(self.unseen)

    @property
    def unseen(self) -> Sequence[SourceReport]:
        """The sources that were not seen as a whole, and that nobody accepted as a gap."""
        return [one for one in self.sources if (not one.covered or one.stale_since) and one.id not in self.gaps]

    @property
    def coverage(self) -> str:
        """What was seen, in one line: it stands in every report."""
        if self.scanned_at is None:
            return "Nothing was scanned yet: nothing here is known to be fine."
        seen = len(self.sources) - len(self.unseen)
        text = (
            f"{seen:,} of {len(self.sources):,} sources seen; {self.keys:,} keys, {self.secrets:,} secrets and {self.projects:,} projects judged "
            f"by {len(self.rules)} rules; {len(self.judged.unknown):,} answers not known."
        )
        accepted = len(self.gaps)
        return text + (f" {accepted:,} accepted gap{'s' if accepted > 1 else ''}." if accepted else "")

    @property
    def compared(self) -> str:
        """How it stands to the earlier check, in one line."""
        since = self.since
        if since is None:
            return "No earlier check is kept: nothing is called new, changed or fixed."
        counts = ", ".join(f"{since.of(one):,} {one.value.replace('_', ' ')}" for one in _NEWS)
        return f"Since the check of {since.at:%Y-%m-%d %H:%M} UTC: {counts}." + (f" {since.note}" if since.note else "")
