"""An emergency: the key leaked, so its end comes before its readers' comfort. It gives up the overlap, and nothing else.

The old key is not restricted first. Any restriction that stops a thief (addresses, pages, apps, services) stops readers whose addresses and
calls nobody knows just as well, and it takes effect no sooner (settings of Google API keys: "up to five minutes") than a cut-over, which
takes seconds; after the cut-over the deletion itself follows at once. It would also have to be taken back by an undo, which brings back the
key as it was. Whoever knows better restricts the key by hand, and rotates it afterwards.
"""

from keyward.rotation.policy import Policy

GIVEN_UP = (
    "emergency: the overlap is given up; readers that have not taken the new key when the old one goes fail until they do. Places are still "
    "read again, and the new key is still proved, before the old one goes"
)


def unstoppable(policy: Policy) -> bool:
    """Whether a place that keeps the old key, whatever the reason, does not keep it alive: on a person's word."""
    return policy.emergency and policy.even_if_broken
