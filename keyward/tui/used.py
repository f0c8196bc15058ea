"""What stands beside the plot of a key's use: which kind of no data it is, the record, and what that cannot see."""

from typing import TYPE_CHECKING

from keyward.tui import words
from keyward.tui.facts import DIM, WARN
from keyward.tui.widgets.pane import Fact

if TYPE_CHECKING:
    from keyward.desk.using import KeyUsage


def used(found: "KeyUsage", scan: str) -> tuple[str, list[Fact]]:
    """(why there is nothing to draw, or empty; the facts below the plot). `scan` is the key that scans."""
    use = found.last_use
    facts = [Fact("Record", "")]
    if use.source:
        facts.append(Fact("source", use.source))
    if use.window_days is not None:
        facts.append(Fact("window", f"the record itself reaches {use.window_days} days back; scans keep 400"))
    facts.append(Fact("scanned", f"{words.moment(found.scanned)} UTC" if found.scanned else "never"))
    unseen = [Fact("cannot see" if number == 0 else "", said, DIM) for number, said in enumerate(found.cannot_see())]
    return _no_data(found, scan), [
        *facts,
        *unseen,
        Fact("as data", f"keyward usage {found.key} -o json", DIM if not found.unknown else WARN),
    ]


def _no_data(found: "KeyUsage", scan: str) -> str:
    if found.unknown:
        detail = f" ({found.last_use.detail})" if found.last_use.detail else ""
        return f"No data: {found.unknown}{detail}. That is not the same as no calls."
    if found.total is None:
        return f"No data: no scan has counted a day yet; {scan} on the list scans. That is not the same as no calls."
    if found.total == 0:
        return "No calls were seen on the days that were counted."
    return ""
