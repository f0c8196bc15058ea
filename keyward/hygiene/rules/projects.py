"""What a project is to the keys in it: whether it is paid for."""

from collections.abc import Iterable, Mapping

from keyward.hygiene.data_handling import PRODUCTION, production
from keyward.hygiene.estate import Estate
from keyward.hygiene.gemini import GEMINI, callers, unlisted
from keyward.hygiene.rule import KEPT, Judgement, Rule, broken, unknown
from keyward.model.about import What
from keyward.model.credential import Credential
from keyward.model.finding import Severity, Subject

_TERMS = "https://ai.google.dev/gemini-api/terms, read 2026-11-29"
_ASK = "keyward scan --context"


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
        yield broken(f"no open billing account is linked, Gemini is on, and {_told(named)} of production", text=text, commands=[link])  # fmt: skip
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
)
