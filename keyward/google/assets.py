"""Cloud Asset Inventory: the resources of all projects below an organisation or a folder, in few questions and some minutes late.

What it holds of a resource is what the resource's own service shows of it, without what is secret; for some types that is not
confirmed, so whoever reads the rows has to look whether they say enough.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from keyward.google.calls import Call
from keyward.google.errors import GoogleFailure
from keyward.google.refusals import Asked, reading
from keyward.model.errors import Gone, KeywardError, SourceError
from keyward.model.index import Indexed
from keyward.model.text import clean

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx

T = TypeVar("T")

API = "cloudasset"
PERMISSION = "cloudasset.assets.listResource"
PROJECT = "cloudresourcemanager.googleapis.com/Project"
_PAGE = 1000

Asset = Mapping[str, Any]
Understand = Callable[[str, Sequence[Asset]], Sequence[T] | None]
"""Makes the rows of a project from its assets; None where they do not say enough."""


def indexed(
    parts: "GoogleParts",
    kinds: Sequence[str],
    roots: Sequence[str],
    scopes: Sequence[str],
    ctx: "Ctx",
    *,
    understand: "Understand[T]",
) -> Indexed[T]:
    """What the inventory tells of these projects.

    Args:
        parts: the Google parts.
        kinds: the asset types.
        roots: `organizations/N`, `folders/N`; one that may not be asked is left out, with its reason.
        scopes: ids of projects.
        ctx: how to ask.
        understand: makes rows of a project's assets.

    Raises:
        Interrupted: cancelled.
    """
    wanted, found, reasons = frozenset(scopes), {}, []
    for root in roots:
        try:
            below = _below(parts, kinds, root, ctx)
        except SourceError as error:
            reasons.append(error.message)
            continue
        for project, assets in below.items():
            if project in wanted and project not in found:
                rows = understand(project, assets)
                if rows is None:
                    reasons.append("The asset index holds too little of these resources.")
                else:
                    found[project] = rows
    if not reasons and len(found) < len(wanted):
        reasons.append("The asset index does not hold the project.")
    return Indexed(found, " ".join(dict.fromkeys(reasons)))


def last(name: object) -> str:
    """The last part of a resource name."""
    return str(name or "").rpartition("/")[2]


def data(asset: Asset) -> dict[str, Any]:
    """What the resource's own service shows of it; empty where the inventory holds nothing."""
    found = (asset.get("resource") or {}).get("data")
    return found if isinstance(found, dict) else {}


def _below(parts: "GoogleParts", kinds: Sequence[str], root: str, ctx: "Ctx") -> dict[str, list[Asset]]:
    """The assets of every project below the root, by project id; names have the number, so the projects are asked for too."""
    ids: dict[str, str] = {}
    by_number: dict[str, list[Asset]] = {}
    for asset in _pages(parts, (PROJECT, *kinds), root, ctx):
        # The project itself is the first of its own ancestors.
        number = last((asset.get("ancestors") or ("",))[0])
        if asset.get("assetType") == PROJECT:
            ids[number] = clean(str(data(asset).get("projectId", "")))
        else:
            by_number.setdefault(number, []).append(asset)
    return {project: by_number.get(number, []) for number, project in ids.items() if project}


def _pages(parts: "GoogleParts", kinds: Sequence[str], root: str, ctx: "Ctx") -> Iterator[Asset]:
    token: str | None = None
    project = root.removeprefix("projects/") if root.startswith("projects/") else ""
    asked = Asked(
        f"Reading the asset index of {clean(root)}",
        f"{API}.googleapis.com",
        project or parts.home,
        parts.identity.description,
        PERMISSION,
    )
    while True:
        request = parts.services.api(API, "assets").list(
            parent=root, assetTypes=list(kinds), contentType="RESOURCE", pageSize=_PAGE, pageToken=token
        )
        try:
            answer = parts.services.execute(request, ctx, Call(API, project))
        except GoogleFailure as failure:
            found = reading(failure.error, asked)
            raise found if isinstance(found, SourceError) and not isinstance(found, Gone) else _unread(found) from None
        yield from (one for one in answer.get("assets", ()) if isinstance(one, dict))
        token = answer.get("nextPageToken")
        if not token:
            return


def _unread(error: KeywardError) -> SourceError:
    return SourceError(error.message, status="failed", api=f"{API}.googleapis.com")
