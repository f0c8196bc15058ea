"""What is known around a key, as lines for people: the same words on the command line and in the app."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from keyward.model.about import Known, What, public
from keyward.model.watch import Alert, Budget

_OFF = "off: Google may use what is sent to Gemini from here to improve its products"
_LABELS = {
    What.BILLING: "billing",
    What.SERVICES: "APIs",
    What.READERS: "readers",
    What.KEY_READERS: "key readers",
    What.ALERTS: "alerts",
    What.BUDGETS: "budgets",
    What.POLICIES: "org policies",
    What.ADMINISTRATORS: "admins",
    What.AUDITED: "logged",
}
_PLAIN = {
    What.POLICIES: "none was asked for",
    What.ADMINISTRATORS: "no service account by name",
    What.AUDITED: "nothing by the project's own policy",
}
"""What is told as it stands, and what is said where it is nothing."""
_SHOWN = 12
"""Readers told one by one; the rest is a number, and everything is in the JSON."""


@dataclass(frozen=True, slots=True)
class Line:
    """A label and a clean text of one or more lines; `loud` where it should alarm."""

    label: str
    text: str
    loud: bool = False


def lines(document: Mapping[str, Any]) -> Iterator[Line]:
    """Owners and context of `keyward.key/1` or `keyward.secret/1`; one line that says so where nobody asked yet."""
    if document["owners"]:
        yield Line("owner", "\n".join(f"{one['owner']} ({one['label']} of {one['of']})" for one in document["owners"]))
    if not document["context"]:
        yield Line("context", "not asked (`keyward show KEY --refresh`, `keyward scan --context`)")
        return
    apis = ((document.get("key") or {}).get("restrictions") or {}).get("apis") or ()
    for one in document["context"]:
        if one["what"] != What.LABELS:
            yield _line(one, apis)
    yield Line("asked", f"{min(one['at'] for one in document['context'])}")


def _line(one: Mapping[str, Any], apis: Sequence[str]) -> Line:
    what, values = one["what"], one["values"]
    label = _LABELS[What(what)]
    where = one["subject"].removeprefix("project:")
    if one["status"] != Known.KNOWN:
        return Line(label, f"{where}: unknown ({one['status']}): {one['detail']}")
    if what == What.BILLING:
        off = values[0] == "off"
        return Line(label, f"{where}: {_OFF if off else 'on'}{f' ({values[1]})' if values[1:] else ''}", loud=off)
    if what == What.SERVICES:
        off_here = [api for api in apis if api not in values]
        missing = f"; off although the key is for them: {', '.join(off_here)}" if off_here else ""
        return Line(label, f"{where}: {len(values)} on{missing}", loud=bool(off_here))
    if what in (What.ALERTS, What.BUDGETS):
        return _watched(one, label, where)
    if what in _PLAIN:
        return Line(label, f"{where}: {', '.join(one.replace('=', ' is ', 1) for one in values) or _PLAIN[What(what)]}")
    scope = "all its API keys" if what == What.KEY_READERS else "all its secrets"
    return _readers(one, scope if one["subject"].startswith("project:") else "", where, label)


def _watched(one: Mapping[str, Any], label: str, where: str) -> Line:
    """Alert policies or budgets, and what each does."""
    values = one["values"]
    if one["what"] == What.ALERTS:
        every = [
            f"{it.name}: {it.does}, looks at {', '.join(it.metrics) or 'no metric'}" for it in map(Alert.of, values)
        ]
        return _watching(one, label, f"{where}: {_number(values, 'alert policy', 'alert policies')}", every)
    every = [f"{it.name}: {it.does}" for it in map(Budget.of, values)]
    return _watching(one, label, f"{where}: {_number(values, 'budget', 'budgets')}", every)


def _number(values: Sequence[str], one: str, several: str) -> str:
    return f"1 {one}" if len(values) == 1 else f"{len(values) or 'no'} {several}"


def _watching(one: Mapping[str, Any], label: str, head: str, every: Sequence[str]) -> Line:
    more = [f"and {len(every) - _SHOWN:,} more"] if len(every) > _SHOWN else []
    note = [f"({one['detail']})"] if one["detail"] else []
    return Line(label, "\n  ".join([head, *every[:_SHOWN], *more, *note]))


def _readers(one: Mapping[str, Any], scope: str, where: str, label: str) -> Line:
    head = f"{where}{f', {scope}' if scope else ''}: "
    nobody = "nobody by name" if scope else "nobody by its own policy"
    told = [f"{public(value).upper()}: {value}" if public(value) else value for value in one["values"][:_SHOWN]]
    more = len(one["values"]) - len(told)
    every = [*told, *([f"and {more:,} more"] if more else [])] or [nobody]
    note = [f"({one['detail']})"] if one["detail"] else []
    text = f"{head}{every[0]}" if len(every) == 1 else "\n  ".join([head.rstrip(), *every])
    return Line(label, "\n  ".join([text, *note]), loud=one["public"])
