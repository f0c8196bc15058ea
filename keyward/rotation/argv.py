"""The command line that does exactly what a plan says, by ids."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from keyward.rotation.policy import Policy

_SWITCHES = {
    "accept_unproved": "--accept-unproved",
    "accept_unread": "--accept-unread",
    "even_if_foreign": "--even-if-foreign",
    "even_if_broken": "--even-if-broken",
    "allow_less_guarded": "--allow-less-guarded",
}


def argv(
    keys: Sequence[str],
    targets: Sequence[str],
    policy: Policy,
    *,
    by_hand: bool = False,
    tfstate: Sequence[str] = (),
) -> tuple[str, ...]:
    """`keyward rotate ...` with every decision that differs from the usual, ending in `--yes`; `keyward swap ...` for what a person makes."""
    if by_hand:  # the value is asked for
        return ("keyward", "swap", *keys, *_options(targets, policy))
    looked = (word for file in tfstate for word in ("--tfstate", file))
    return ("keyward", "rotate", *keys, *_options(targets, policy), *looked, "--yes")


def _options(targets: Sequence[str], policy: Policy) -> Iterator[str]:
    for target in targets:
        yield from ("--accept-target", target)
    default = Policy()
    if policy.emergency:
        yield "--emergency"
    elif policy.grace != default.grace or policy.grace != policy.usual_grace:
        yield from ("--grace", _shown(policy.grace))
    if policy.retire is not default.retire and not policy.emergency:
        yield from ("--retire", policy.retire.value)
    into = policy.into
    for option, value in (("--as", into.kind), ("--service-account", into.account), ("--to-project", into.scope)):
        if value:
            yield from (option, value)
    if into.apis:
        yield from ("--restrict-to", ",".join(into.apis))
    for place in policy.waive:
        yield from ("--waive", place)
    yield from (word for place in policy.to for word in ("--to", place))
    yield from (option for name, option in _SWITCHES.items() if getattr(policy, name))
    if policy.reason:
        yield from ("--reason", policy.reason)


def _shown(value: timedelta) -> str:
    return f"{round(value.total_seconds())}s"
