"""How the rules stand to catalogues of controls, such as the CIS benchmark: which rule speaks for which control, and what none does."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from keyward.hygiene.judging import Judged
from keyward.model.finding import Finding, Result

NOT_COVERED = "not_covered"


@dataclass(frozen=True, slots=True)
class Control:
    """One control: its number there, a title in our words, the rules that speak for it, or why none does."""

    number: str
    title: str
    rules: tuple[str, ...] = ()
    not_covered: str = ""


@dataclass(frozen=True, slots=True)
class Framework:
    """One catalogue in one version. `elsewhere` says what of it is not listed."""

    id: str
    name: str
    version: str
    source: str
    controls: tuple[Control, ...]
    elsewhere: str = ""

    def of(self, rule: str) -> tuple[str, ...]:
        """The numbers of the controls that a rule speaks for."""
        return tuple(one.number for one in self.controls if rule in one.rules)


@dataclass(frozen=True, slots=True)
class Standing:
    """How one control stands: `fail`, `unknown`, `pass`, `not_applicable`, or `not_covered`; `findings` are those that say so."""

    control: Control
    word: str
    findings: tuple[Finding, ...]


@cache
def frameworks() -> Mapping[str, Framework]:
    """Every catalogue of the package, by its id."""
    found = [
        _framework(tomllib.loads(file.read_text()))
        for file in files("keyward.hygiene.frameworks").iterdir()
        if file.name.endswith(".toml")
    ]
    return {one.id: one for one in sorted(found, key=lambda one: one.id)}


def _framework(data: dict[str, object]) -> Framework:
    tables = data.pop("control")
    controls = tuple(
        Control(one["number"], one["title"], tuple(one.get("rules", ())), one.get("not_covered", ""))
        for one in tables  # type: ignore[attr-defined]  # a list of tables; a test reads every file
    )
    return Framework(**data, controls=controls)  # type: ignore[arg-type]  # texts, see above


def standing(framework: Framework, judged: Judged) -> tuple[Standing, ...]:
    """How each control of the catalogue stands. What no rule speaks for is not covered, never passed; what is accepted still fails."""
    return tuple(_standing(control, judged) for control in framework.controls)


def _standing(control: Control, judged: Judged) -> Standing:
    if not control.rules:
        return Standing(control, NOT_COVERED, ())
    findings = tuple(one for one in judged.findings if one.rule in control.rules)
    return Standing(control, _word(judged.counts.get(rule, {}) for rule in control.rules), findings)


def _word(counts: Iterable[Mapping[Result, int]]) -> str:
    every = [one for one in counts if one]
    for result in (Result.FAIL, Result.UNKNOWN, Result.PASS):
        if any(one.get(result) for one in every):
            return result.value
    return Result.NOT_APPLICABLE.value
