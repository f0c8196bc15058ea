"""Findings in words, for the screen that lists them and for a key's page."""

import shlex
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from keyward.model.finding import Result
from keyward.tui.facts import BAD, DIM, WARN
from keyward.tui.widgets.pane import Fact

if TYPE_CHECKING:
    from keyward.hygiene.checked import Checked
    from keyward.hygiene.rule import Rule
    from keyward.model.finding import Finding

NOT_KNOWN, ACCEPTED = "not known", "accepted"
_LOUD = {"critical": BAD, "high": BAD, "medium": WARN}
_TONES = {"critical": "grid--bad", "high": "grid--bad", "medium": "grid--warn"}


def ordered(found: "Checked") -> list["Finding"]:
    """What is broken, worst first, then what nobody can tell, then what somebody accepted."""
    accepted = [one for one in found.judged.findings if one.accepted is not None]
    return [*found.judged.broken, *found.judged.unknown, *accepted]


def news(found: "Checked") -> frozenset[str]:
    """Ids of the broken rules that are new since the earlier check, or worse than they were then; none where no such check is kept."""
    since = found.since
    return frozenset() if since is None else frozenset(one.id for one in found.judged.broken if since.is_news(one.id))


def word(one: "Finding") -> str:
    """How bad it is; of what is not known, or accepted, just that."""
    if one.accepted is not None:
        return ACCEPTED
    return NOT_KNOWN if one.result is Result.UNKNOWN else one.severity.value


def tone(one: "Finding") -> str:
    """The component class for it."""
    return _TONES.get(word(one), "grid--dim")


def name(one: "Finding") -> str:
    """What it is of, as people know it: the display name, else the id without what stands in front of it everywhere."""
    return one.name or one.subject.partition(":")[2] or one.subject


def rotated(one: "Finding") -> list[str]:
    """The keys that its commands rotate as a plan does; an emergency or another type of key is begun with the command."""
    lines = [_words(line) for line in one.fix.commands]
    return [words[2] for words in lines if words[:2] == ["keyward", "rotate"] and len(words) == 3]


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:  # no command line of ours
        return []


def facts(one: "Finding", rule: "Rule") -> Iterator[Fact]:
    """The whole of it: what is wrong, what that rests on, what mends it."""
    said = word(one)
    yield Fact(said, f"{rule.id}  {rule.title}", _LOUD.get(said, DIM))
    yield Fact(one.of.value, f"{one.subject} ({one.name})" if one.name else one.subject)
    yield from beside(one)


def beside(one: "Finding") -> Iterator[Fact]:
    """What it rests on, who accepted it, what mends it."""
    yield from (Fact("" if number else "evidence", text) for number, text in enumerate(one.evidence))
    if (by := one.accepted) is not None:
        yield Fact("accepted", f"by {by.owner} until {by.until.isoformat()}{f': {by.why}' if by.why else ''}")
    mending = [*([one.fix.text] if one.fix.text else []), *one.fix.commands]
    yield from (Fact("" if number else "fix", text) for number, text in enumerate(mending))


def explained(one: "Finding", rule: "Rule") -> Iterator[Fact]:
    """The finding, and its rule: why it matters, its limit, the controls that it speaks for, its source."""
    from keyward.desk.rule_words import fields  # only when a rule is explained

    yield from facts(one, rule)
    yield Fact("", "")
    yield Fact("The rule", "")
    told = {label: text for label, text in fields(rule).items() if label not in {"rule", "severity"}}
    for label, text in told.items():
        yield from (Fact("" if number else label, line) for number, line in enumerate(text.splitlines()))


def to_copy(one: "Finding", rule: "Rule") -> str:
    """The commands that mend it, and the lines of keyward.toml that accept it."""
    from keyward.desk.rule_words import exception

    accepts = f"# Or accept it, in your keyward.toml:\n{exception(rule, f'id:{one.subject}')}"
    return "\n".join([*one.fix.commands, "", accepts] if one.fix.commands else [accepts])


def command(*typed: str) -> str:
    """A command line of keyward."""
    return shlex.join(("keyward", *typed))


def of_key(found: "Checked") -> Iterator[Fact]:
    """What the rules say of one key: what it breaks, what nobody can tell, and how many it keeps."""
    rules = {rule.id: rule for rule in found.rules}
    listed = ordered(found)
    for one in listed:
        said = word(one)
        yield Fact(said, f"{one.rule}  {rules[one.rule].title}", _LOUD.get(said, DIM))
        yield from beside(one)
        yield Fact("", "")
    kept = sum(counts.get(Result.PASS, 0) for counts in found.judged.counts.values())
    broken = len({one.rule for one in found.judged.broken})
    yield Fact(
        "rules", f"{broken} broken, {len({one.rule for one in found.judged.unknown})} not known, {kept} kept", DIM
    )


def summary(found: "Checked", findings: Sequence["Finding"]) -> str:
    """`3 high · 5 low · 40 not known · 1 accepted`."""
    counted: dict[str, int] = {}
    for one in findings:
        counted[word(one)] = counted.get(word(one), 0) + 1
    pieces = [f"{count:,} {said}" for said, count in counted.items()]
    return " · ".join(pieces) or ("nothing was judged" if found.partial else "no rule is broken")
