"""What the users of a key have to cope with when its successor is of another kind, in another project, or restricted (google-cloud.md 2)."""

from collections.abc import Iterator, Mapping

from keyward.model.credential import Credential, Restrictions
from keyward.providers.interface import Want

_ANY = "cloudapis.googleapis.com"
_FEW = 5


def tolerate(old: Credential, want: Want, used: Mapping[str, int] | None) -> Iterator[str]:
    """One sentence for each thing that will be different for them."""
    if want.bound_identity and not old.bound_identity:
        yield (
            f"the new key is an auth key bound to {want.bound_identity}: it begins with AQ. instead of AIza and is longer, so patterns "
            "and columns made for 39 characters do not fit it"
        )
        yield (
            "an auth key goes into the header x-goog-api-key; some clients of the OpenAI-compatible routes refuse it "
            "(401, or 400 Multiple authentication credentials received)"
        )
    if want.bound_identity and old.bound_identity and want.bound_identity != old.bound_identity:
        yield f"calls are made as {want.bound_identity} and no longer as {old.bound_identity}"
    if want.origin:
        yield from _other_project(want)
    if _apis(want.restrictions) and _apis(want.restrictions) != _apis(old.restrictions):
        yield from _refused(_apis(want.restrictions), used)


def _other_project(want: Want) -> Iterator[str]:
    yield f"calls count against the quota of {want.scope} and are paid by it, no longer by {want.origin}"
    yield (
        f"{want.scope} has its own billing tier: in a project without billing limits are lower, and prompts may be used to improve "
        "Google's products and be read by people"
    )
    yield f"what is kept under {want.origin} (tuned models, files, caches of contents) is out of reach for the new key"


def _refused(apis: frozenset[str], used: Mapping[str, int] | None) -> Iterator[str]:
    """Calls that end with the old key."""
    only = ", ".join(sorted(apis))
    if used is None:
        yield f"calls to anything but {only} will be refused; which services the key was used for is not known"
        return
    others = sorted((name for name in used if name and name not in apis), key=lambda name: (-used[name], name))
    if _ANY in apis:
        return
    if not others:
        yield f"calls to anything but {only} will be refused; no other service was seen in use"
        return
    shown = ", ".join(f"{name} ({used[name]:,} calls)" for name in others[:_FEW])
    more = f" and {len(others) - _FEW} more" if len(others) > _FEW else ""
    yield f"calls to anything but {only} will be refused, and the key was used lately for {shown}{more}"


def _apis(restrictions: Restrictions | None) -> frozenset[str]:
    return frozenset(restrictions.apis) if restrictions is not None else frozenset()
