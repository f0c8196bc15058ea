"""A rule in words: the same on the command line and in the app."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyward.hygiene.rule import Rule


def fields(rule: "Rule") -> Mapping[str, str]:
    """What it is, why it matters, its limit, what it needs, the controls that it speaks for and its source, by label."""
    return {
        "rule": f"{rule.id}  {rule.title}",
        "severity": rule.severity.value,
        "looks at": rule.of.value,
        "why": rule.why,
        "limit": f"{limit(rule)}: {rule.limit_is}" if rule.limit is not None else "none",
        "needs": rule.needs or "a scan",
        "controls": "\n".join(controls(rule)) or "none",
        "source": rule.source,
    }


def controls(rule: "Rule") -> Iterator[str]:
    """Such as `cis-gcp-5.0 1.16`."""
    from keyward.hygiene.controls import frameworks

    for framework in frameworks().values():
        yield from (f"{framework.id} {number}" for number in framework.of(rule.id))


def limit(rule: "Rule") -> str:
    """Its limit as settings write it; empty when it has none."""
    from keyward.settings.values import show_duration

    if rule.limit is None:
        return ""
    return str(rule.limit) if isinstance(rule.limit, int) else show_duration(rule.limit)


def policy(rule: "Rule") -> str:
    """The lines of keyward.toml that change it."""
    lines = [f'[[policy]]\nrule = "{rule.id}"\nmatch = "project:acme-dev"', 'severity = "info"      # or off = true']
    if rule.limit is not None:
        shown = limit(rule)
        lines[-1:] = [f'limit = "{shown}"' if not isinstance(rule.limit, int) else f"limit = {shown}"]
    return "\n".join(lines)


def exception(rule: "Rule", match: str = "id:...") -> str:
    """The lines of keyward.toml that accept it there; owner and date are a person's to write."""
    from json import dumps

    match = dumps(match, ensure_ascii=False)
    return f'[[exception]]\nrule = "{rule.id}"\nmatch = {match}\nowner = "mary@acme.example"\nuntil = 2027-01-31\nwhy = "..."'
