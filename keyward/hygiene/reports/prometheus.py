"""A check as metrics in the text format of Prometheus (exposition format 0.0.4), for the textfile collector of node_exporter.

Labels are rules, severities and words: never a key, so the number of series stays small.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from keyward.hygiene.checked import Checked
from keyward.model.finding import Result, Severity

Sample = tuple[dict[str, str], float]


def page(found: Checked) -> str:
    """All metrics."""
    return "".join(f"{line}\n" for line in _lines(found))


def _lines(found: Checked) -> Iterator[str]:
    broken = Counter((one.rule, one.severity) for one in found.judged.broken)
    yield from _metric(
        "keyward_findings",
        "Findings that nobody accepted, by rule and severity.",
        (({"rule": rule, "severity": severity.value}, number) for (rule, severity), number in sorted(broken.items())),
    )
    worst = Counter(one.severity for one in found.judged.broken)
    yield from _metric(
        "keyward_findings_by_severity",
        "Findings that nobody accepted, by severity; 0 is told too.",
        (({"severity": severity.value}, worst[severity]) for severity in Severity),
    )
    yield from _metric(
        "keyward_rule_subjects",
        "How each rule ended, counted by subject.",
        (
            ({"rule": rule.id, "result": result.value}, found.judged.counts[rule.id].get(result, 0))
            for rule in found.rules
            for result in Result
        ),
    )
    yield from _metric("keyward_unknown", "Answers that are not known.", [({}, len(found.judged.unknown))])
    accepted = sum(one.accepted is not None for one in found.judged.findings)
    yield from _metric("keyward_accepted", "Findings that somebody accepted.", [({}, accepted)])
    for name, number in (("keys", found.keys), ("secrets", found.secrets), ("projects", found.projects)):
        yield from _metric(f"keyward_{name}", f"{name.capitalize()} that the last scan knew.", [({}, number)])
    status = Counter(one.status.value for one in found.sources)
    yield from _metric(
        "keyward_sources",
        "Sources by how their reading ended.",
        (({"status": word}, number) for word, number in sorted(status.items())),
    )
    yield from _metric("keyward_sources_not_seen", "Sources not seen as a whole.", [({}, len(found.unseen))])
    if found.scanned_at is not None:
        at = found.scanned_at.timestamp()
        yield from _metric("keyward_scanned_timestamp_seconds", "When the oldest source was read.", [({}, at)])
    yield from _metric("keyward_checked_timestamp_seconds", "When this was judged.", [({}, found.at.timestamp())])


def _metric(name: str, about: str, samples: Iterable[Sample]) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} gauge"
    for labels, value in samples:
        inside = ",".join(f'{label}="{text}"' for label, text in labels.items())
        yield f"{name}{{{inside}}} {value:.15g}" if inside else f"{name} {value:.15g}"
