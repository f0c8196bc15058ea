"""A finding as an earlier check told it."""

from dataclasses import dataclass

from keyward.model.finding import Result, Severity, Subject


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is kept of a finding, so that a later check can say what is new: facts in words, never a value, no display name.

    `id` is that of the finding. Of `evidence` what grows by itself (lengths of time) is left out. `accepted` is whether somebody
    accepted it then.
    """

    id: str
    rule: str
    of: Subject
    subject: str
    scope: str
    about: str
    result: Result
    severity: Severity
    evidence: tuple[str, ...]
    accepted: bool = False
