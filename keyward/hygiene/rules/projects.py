"""What a project is to the keys in it: whether it is paid for, and whether somebody hears of what they do and spend."""

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping

from keyward.hygiene.data_handling import PRODUCTION, production
from keyward.hygiene.estate import Estate
from keyward.hygiene.gemini import GEMINI, api_keys, callers, unlisted
from keyward.hygiene.rule import KEPT, Judgement, Rule, broken, unknown
from keyward.model.about import What
from keyward.model.credential import Credential
from keyward.model.finding import Severity, Subject
from keyward.model.handling import Word
from keyward.model.usage import UseStatus
from keyward.model.watch import Alert, Budget

_TERMS = "https://ai.google.dev/gemini-api/terms, read 2026-11-29"
_EEA = "your settings say EEA: its terms on data are the paid ones; an application for people there may use paid services only"
_ASK = "keyward scan --context"
_CALLS = ("serviceruntime.googleapis.com/", "generativelanguage.googleapis.com/")
"""Metrics of calls and of quota, for all APIs and for Gemini."""

_NOT_KNOWN = (UseStatus.DENIED, UseStatus.UNSUPPORTED, UseStatus.FAILED, UseStatus.NOT_SCANNED)


def _unpaid_production(project: str, estate: Estate, limit: None) -> Iterable[Judgement]:
    """Production is what settings, labels of the project, of the key or of a secret that holds it call so."""
    del limit
    subject = f"project:{project}"
    keys, hidden = list(callers(project, estate)), unlisted(project, estate)
    if not keys and not hidden:
        return
    billing, apis = estate.known(subject, What.BILLING), estate.known(subject, What.SERVICES)
    if (billing is not None and billing[:1] == ("on",)) or (apis is not None and GEMINI not in apis):
        yield KEPT
        return
    named = [key for key in keys if _production(key, project, estate)]
    if named and billing is not None and apis is not None:
        text = "Link an open billing account to the project: what is sent to Gemini is under the paid terms then."
        link = f"gcloud billing projects link {project} --billing-account=ACCOUNT_ID"
        why = [f"no open billing account is linked, Gemini is on, and {_told(named)} of production"]
        eea = all(Word.EEA in estate.data.get(key.id, ()) for key in named)
        severity = Severity.MEDIUM if eea else None
        yield broken(*why, *([_EEA] if eea else []), text=text, commands=[link], severity=severity)
    elif named:
        missing = What.BILLING if billing is None else What.SERVICES
        yield unknown(estate.why_unknown(subject, missing), commands=[_ASK])
    elif hidden:
        yield unknown(f"whether it holds keys of production: {hidden}", commands=["keyward doctor"])
    elif estate.known(subject, What.LABELS) is None:
        yield unknown(f"whether it is production: {estate.why_unknown(subject, What.LABELS)}", commands=[_ASK])
    else:
        yield KEPT


def _production(key: Credential, project: str, estate: Estate) -> bool:
    if key.id in estate.production or production(project, estate.about):
        return True
    held = (estate.secrets.get(str(place.at.secret)) for place in estate.placements.get(key.id, ()))
    environment = {"env": estate.environments.get(project, "")}
    return any(map(_says_so, (environment, key.annotations, *(info.labels for info in held if info is not None))))


def _says_so(labels: Mapping[str, str]) -> bool:
    return any((name.casefold(), value.casefold()) in PRODUCTION for name, value in labels.items())


def _told(keys: list[Credential]) -> str:
    names = ", ".join(sorted(key.id for key in keys))
    return f"{names} is a key" if len(keys) == 1 else f"{names} are keys"


def _no_alert(project: str, estate: Estate, limit: None) -> Iterable[Judgement]:
    """Of projects with an API key that was used, as far as its record reaches."""
    del limit
    subject, keys = f"project:{project}", list(api_keys(project, estate))
    used = [key for key in keys if key.last_use.at is not None]
    hidden = [key for key in keys if key.last_use.status in _NOT_KNOWN]
    if not used and not hidden and not unlisted(project, estate):
        return
    lines = estate.known(subject, What.ALERTS)
    policies = [Alert.of(line) for line in lines or () if any(map(_counts_calls, Alert.of(line).metrics))]
    if any(one.on and one.channels for one in policies):
        yield KEPT
    elif lines is None:
        yield unknown(estate.why_unknown(subject, What.ALERTS), commands=[_ASK])
    elif not used:
        why = f"{hidden[0].id}: {hidden[0].last_use.status.value}" if hidden else unlisted(project, estate)
        yield unknown(
            f"no alert policy looks at calls; whether its keys are used is not known: {why}",
            commands=["keyward doctor"],
        )
    else:
        fact = estate.fact(subject, What.ALERTS)
        told = [f"{one.name}: {one.does}" for one in policies]
        first = told or ["no alert policy looks at calls of APIs"]
        text = (
            "Switch on what is there and give it a channel that works, or make both: name who is told and from how many calls a second on; "
            "the first command gives the CHANNEL of the second."
        )
        yield broken(
            *first, *filter(None, [fact.detail if fact is not None else ""]), text=text, commands=_alerting(project)
        )


def _no_budget(project: str, estate: Estate, limit: None) -> Iterable[Judgement]:
    """Of projects with API keys that can spend something."""
    del limit
    subject = f"project:{project}"
    if not any(api_keys(project, estate)) and not unlisted(project, estate):
        return
    billing, lines = estate.known(subject, What.BILLING), estate.known(subject, What.BUDGETS)
    if billing is not None and billing[:1] != ("on",):
        return
    found = [Budget.of(line) for line in lines or ()]
    heard = [one for one in found if one.capped or (one.percents and not one.part)]
    if any(one.capped or one.covers != "folder" for one in heard):
        yield KEPT
    elif billing is None or lines is None:
        missing = What.BILLING if billing is None else What.BUDGETS
        yield unknown(estate.why_unknown(subject, missing), commands=[_ASK])
    elif heard:
        why = f"{heard[0].name}: {heard[0].does}; which folders {project} is in was not asked for"
        yield unknown(why, commands=[f"gcloud projects get-ancestors {project}"])
    else:
        told = [f"{one.name}: {one.does}" for one in found] or ["no budget counts what it spends"]
        text = "Name an AMOUNT; a budget tells people, up to a day late. For some services one with a spend cap refuses what goes beyond."
        yield broken(*told, text=text, commands=[_budget(project, billing[1])])


def _budget(project: str, account: str) -> str:
    shares = (f"--threshold-rule=percent={share}" for share in (0.5, 0.9, 1.0))
    named = ("--display-name=API keys", "--budget-amount=AMOUNT", f"--filter-projects=projects/{project}")
    of = f"--billing-account={account.rpartition('/')[2]}"
    return shlex.join(("gcloud", "billing", "budgets", "create", of, *named, *shares))


def _counts_calls(metric: str) -> bool:
    return metric.startswith(_CALLS)


def _alerting(project: str) -> Iterator[str]:
    of = f"--project={project}"
    yield shlex.join(("gcloud", "beta", "monitoring", "channels", "create", of, "--type=email", "--display-name=Keys", "--channel-labels=email_address=EMAIL"))  # fmt: skip
    rate = {"alignmentPeriod": "300s", "perSeriesAligner": "ALIGN_RATE", "crossSeriesReducer": "REDUCE_SUM"}
    yield shlex.join(
        (
            *(
                "gcloud",
                "alpha",
                "monitoring",
                "policies",
                "create",
                of,
                "--display-name=Calls of APIs",
                "--combiner=OR",
            ),
            *("--notification-channels=CHANNEL", "--condition-display-name=Calls a second", "--duration=300s"),
            '--condition-filter=metric.type="serviceruntime.googleapis.com/api/request_count" AND resource.type="consumed_api"',
            *(f"--aggregation={json.dumps(rate)}", "--if=> CALLS"),
        )
    )


RULES = (
    Rule(
        "KW-601",
        "Key of production in an unpaid Gemini project",
        "Without billing Google may improve its products with what is sent to Gemini and what comes back, people may read it, and the quota is that of a trial.",
        Severity.HIGH,
        Subject.PROJECT,
        _unpaid_production,
        _TERMS,
        needs=_ASK,
    ),
    Rule(
        "KW-602",
        "No budget for what keys spend",
        "Whoever has a key spends on your account; without a budget the bill at the end of the month is the first to tell.",
        Severity.LOW,
        Subject.PROJECT,
        _no_budget,
        "https://docs.cloud.google.com/billing/docs/how-to/budgets, read 2026-11-29; OWASP NHI2:2025",
        needs=_ASK,
    ),
    Rule(
        "KW-603",
        "No alert on use of keys",
        "A key that leaked is used for all that its quota gives; without an alert the bill is the first to tell.",
        Severity.LOW,
        Subject.PROJECT,
        _no_alert,
        "https://codelabs.developers.google.com/api-key-management, read 2026-11-29; OWASP NHI2:2025",
        needs=_ASK,
    ),
)
