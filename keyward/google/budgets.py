"""The budgets that count what a project spends: one question for each billing account, whoever asks first."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from keyward.google.questions import pages
from keyward.model.errors import SourceError
from keyward.model.redact import label
from keyward.model.source import SourceStatus
from keyward.model.watch import Budget

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx

_PAGE = 200


def budgets(parts: "GoogleParts", project: str, account: str, number: str, ctx: "Ctx") -> Iterator[str]:
    """Each as `watch.Budget` writes it; those of other projects and those whose time is over are left out.

    Args:
        parts: through whom.
        project: the id of the project.
        account: its billing account, `billingAccounts/X`.
        number: the number of the project, by which budgets name it.
        ctx: how to ask.
    """
    own = {f"projects/{project}", f"projects/{number}"}
    for one in _of_account(parts, project, account, ctx):
        found = _budget(one, own, ctx.now.date())
        if found is not None:
            yield str(found)


def _of_account(parts: "GoogleParts", project: str, account: str, ctx: "Ctx") -> list[dict[str, Any]]:
    """All budgets of an account. That reading them is denied holds for all of its projects; an API that is off may be on elsewhere."""
    api = parts.services.api("billingbudgets", "billingAccounts", "budgets")

    def page(token: str | None) -> Any:
        return api.list(parent=account, pageSize=_PAGE, pageToken=token)

    def ask() -> list[dict[str, Any]] | SourceError:
        about = (project, f"Listing the budgets of {account}", "billing.budgets.list")
        try:
            return list(pages(parts, page, about, ctx, api="billingbudgets", items="budgets"))
        except SourceError as error:
            if error.status != SourceStatus.DENIED:
                raise
            return error

    found = ctx.once(("budgets", account), ask)
    if isinstance(found, SourceError):
        raise found
    return found


def _budget(one: Mapping[str, Any], own: set[str], today: date) -> Budget | None:
    limits = one.get("budgetFilter") or {}
    projects = set(limits.get("projects") or ())
    if (projects and not projects & own) or _over(limits.get("customPeriod") or {}, today):
        return None
    # A budget of folders may count this project or not: which folders it is in was not asked.
    covers = "project" if projects else "folder" if limits.get("resourceAncestors") else "account"
    part = any(limits.get(name) for name in ("services", "labels", "subaccounts"))
    shares = [float(rule.get("thresholdPercent") or 0) for rule in one.get("thresholdRules") or ()]
    percents = tuple(sorted({round(100 * share) for share in shares}))
    name = label(str(one.get("displayName") or "")) or str(one.get("name", "")).rpartition("/")[2]
    return Budget(_amount(one.get("amount") or {}), percents, covers, part, bool(one.get("spendCap")), name)


def _amount(amount: Mapping[str, Any]) -> str:
    money = amount.get("specifiedAmount")
    if not isinstance(money, dict):
        return "what was spent in the period before"
    cents = round(int(money.get("nanos") or 0) / 10_000_000)
    currency = label(str(money.get("currencyCode") or "")).replace(";", "")
    return f"{int(money.get('units') or 0):,}.{cents:02} {currency}".rstrip()


def _over(period: Mapping[str, Any], today: date) -> bool:
    end = period.get("endDate") or {}
    try:
        return bool(end) and date(int(end["year"]), int(end["month"]), int(end["day"])) < today
    except (KeyError, ValueError):
        return False
