"""Places that hold a key as a small tree: store, secret, version and part."""

from collections.abc import Iterable, Mapping
from itertools import groupby

from textual.content import Content

STORES = {
    "gsm": "Secret Manager",
    "keyring": "OS keyring",
    "env": "env file",
    "adc": "Google login",
    "agents": "agent or editor",
    "aws-files": "AWS file",
    "ci": "CI file",
    "shell": "shell profile",
}
_ROLES = {"current": "$text-success", "alias": "$text-success", "old": "dim"}


def tree(placements: Iterable[Mapping[str, object]], host: str = "") -> Content:
    """Every placement of the listing's JSON, grouped by secret. `host` is this machine's name, which is not said again and again."""
    lines: list[Content] = []
    ordered = sorted(placements, key=lambda one: (str(one.get("secret")), str(one.get("role")) != "current"))
    for place, (secret, found) in enumerate(groupby(ordered, key=lambda one: str(one.get("secret")))):
        several = list(found)
        store = str(several[0].get("store"))
        if place:
            lines.append(Content(""))
        lines.append(Content.assemble((STORES.get(store, store), "dim"), "  ", (secret.partition(":")[2], "bold")))
        for number, one in enumerate(several):
            branch = "└─ " if number == len(several) - 1 else "├─ "
            lines.append(Content.assemble((branch, "dim"), *leaf(one, host)))
    return Content("\n").join(lines) if lines else Content.styled("No place was seen that holds it.", "dim")


def unread(looked: Mapping[str, int]) -> Content:
    """How many payloads it was looked for in, and in how many not; `looked` is the listing's JSON, empty where nobody knows."""
    if not looked:
        return Content("")
    left = looked.get("not_read") or 0
    said = f"\n\n{looked.get('read') or 0:,} payloads were looked at"
    missed = (f", {left:,} were not. It may be there too.", "$text-warning") if left else (".", "")
    return Content.assemble(said, missed)


def leaf(one: Mapping[str, object], host: str, *, accepting: bool = True) -> list[tuple[str, str] | str]:
    """One placement in a line; `accepting` says whether it was accepted as a place to write to."""
    role, state = str(one.get("role") or ""), str(one.get("version_state") or "")
    version, part, where = str(one.get("version") or ""), str(one.get("part") or ""), str(one.get("host") or "")
    pieces: list[tuple[str, str] | str] = []
    if one.get("store") == "gsm" and version:
        pieces.append(f"version {version}  ")
    pieces.append((role, _ROLES.get(role, "")))
    if one.get("alias"):
        pieces.append(f" {one['alias']}")
    if state and state != "enabled":
        pieces.append((f"  {state}", "$text-warning"))
    pieces.append(f"  part {part}" if part else "  whole value")
    if where and where != host:
        pieces.append((f"  on {where}", "$text-warning"))
    if not accepting:
        return pieces
    if one.get("new"):
        pieces.append(("  NEW", "bold $text-warning"))
    elif one.get("accepted"):
        pieces.append(("  accepted", "$text-success"))
    else:
        pieces.append(("  not accepted", "dim"))
    return pieces
