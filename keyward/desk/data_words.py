"""What is known of data handling, as words for people: the same on the command line and in the app."""

from collections.abc import Iterator, Mapping
from typing import Any

from keyward.desk.around_words import Line
from keyward.model.handling import Answer, Evidence, Topic, Word

TOPICS: Mapping[str, str] = {
    Topic.IMPROVEMENT: "improves products",
    Topic.TRAINING: "trains models",
    Topic.PEOPLE: "people may read it",
    Topic.KEPT: "kept",
    Topic.WHAT: "what is kept",
    Topic.ZERO: "zero retention",
    Topic.OPT_OUT: "opting out",
    Topic.VOTING: "votes and feedback",
    Topic.LOGS: "logs and datasets",
    Topic.GROUNDING: "grounding",
    Topic.REGIONS: "where",
    Topic.MISUSE: "misuse",
}
"""What a statement is about."""

EVIDENCE: Mapping[str, str] = {
    Evidence.SPEC: "vendor's specification",
    Evidence.DOC: "vendor's page",
    Evidence.THIRD: "third party",
    Evidence.PRIOR: "not looked up",
    Evidence.OWN: "your settings",
}
"""Where a statement comes from."""

_SHOWN = (Topic.IMPROVEMENT, Topic.TRAINING, Topic.PEOPLE, Topic.KEPT, Topic.ZERO, Topic.OPT_OUT)
"""What is told of a key line by line; the rest is a number, and everything is in the JSON."""
_SENTENCES = (Topic.WHAT, Topic.REGIONS, Topic.MISUSE)
_ANSWERS: Mapping[str, str] = {
    Answer.YES: "yes",
    Answer.NO: "no",
    Answer.LIMITED: "it depends",
    Answer.UNKNOWN: "not known",
}
_ALARMING = {Word.TRAINS, Word.READ, Word.UNKNOWN}


def answer(one: Mapping[str, Any]) -> str:
    """What a statement answers, in front of its sentence: `yes. `, `55 d. `; empty where the sentence is the answer."""
    if not one["days"] and one["topic"] in _SENTENCES and one["answer"] in (Answer.YES, Answer.LIMITED):
        return ""
    return f"{short(one)}. "


def short(one: Mapping[str, Any]) -> str:
    """What a statement answers, in a word or two: `yes`, `55 d`, `up to 30 d`."""
    if one["days"]:
        return f"{'up to ' if one['answer'] == Answer.LIMITED else ''}{one['days']} d"
    return _ANSWERS[one["answer"]]


def marks(one: Mapping[str, Any]) -> str:
    """What makes a statement doubtful: `STALE`, `unverified`; empty for none."""
    return ", ".join([*(["STALE"] if one["stale"] else []), *(["unverified"] if one["unverified"] else [])])


def lines(document: Mapping[str, Any]) -> Iterator[Line]:
    """What holds for the key of a `keyward.key/1`, a line for each service."""
    handled = document.get("data_handling")
    if not handled:
        return
    loud = bool(_ALARMING & set(handled["words"]))
    if not handled["services"]:
        yield Line("data", "nothing is known of what its provider keeps")
        return
    if handled["production"] and loud:
        yield Line("data", f"production: {', '.join(handled['production'])} of {document['key']['scope']}", loud=True)
    for one in handled["services"]:
        yield Line("data", "\n  ".join(_service(one)), loud=loud and one["reach"]["answer"] != Answer.NO)


def _service(one: Mapping[str, Any]) -> Iterator[str]:
    reach, tier = one["reach"], one["tier"]
    if reach["answer"] == Answer.NO:
        yield f"{one['label']}: not from here: {reach['why']}"
        return
    yield one["label"]
    if reach["answer"] == Answer.UNKNOWN:
        yield f"used: unknown: {reach['why']}{_fix(reach)}"
    if tier is not None:
        yield f"tier: {tier['label'] or 'not known'} ({tier['how']}: {tier['why']}){_fix(tier)}"
    shown = [held for held in one["statements"] if held["topic"] in _SHOWN and not held["surface"]]
    for held in shown:
        yield _held(held, tier)
    rest = len(one["statements"]) - len(shown)
    yield f"{f'{rest} more, and every source' if rest else 'every source'}: keyward provider show {one['provider']}"


def _held(one: Mapping[str, Any], tier: Mapping[str, Any] | None) -> str:
    doubts = marks(one)
    plain = one["how"] == "stated" or (tier is not None and one["why"] == tier["why"])  # said in the line of the tier
    known = one["how"] if plain else f"{one['how']}: {one['why']}"
    only = f" if {', '.join(one['tiers'])}" if one["how"] == "unknown" and one["tiers"] else ""
    return f"{TOPICS[one['topic']]}{only}: {answer(one)}{one['said']} ({known}{f'; {doubts}' if doubts else ''}){_fix(one)}"


def _fix(one: Mapping[str, Any]) -> str:
    return f" -> {one['fix']}" if one["fix"] else ""
