"""Why a place that names a key cannot be written: the key does not lie there as something that one write could replace."""

from keyward.model.pairs import id_beside, pairs, secrets_near
from keyward.model.parts import Part, all_values
from keyward.model.secret import Secret
from keyward.model.secretinfo import Payload
from keyward.rotation.places import Holds
from keyward.rotation.state import KeyFacts

_LONE = "an id and a secret in two places are not changed, because readers could see the new one with the old other one"
_TOGETHER = "Put both into one payload, as two variables of one env file or two members of one JSON object"
_NAMES = "Give the two parts names that differ only in words such as ID and SECRET"


def torn(payload: Payload, part: str, key: KeyFacts, held: Holds) -> tuple[str, str] | None:
    """What is wrong with the place, and what mends it; None when the key is of one piece there, or not there at all.

    Args:
        payload: what the secret holds now.
        part: the place in it.
        key: the key that it is a place of.
        held: what it holds, as `holds` says.
    """
    parts = all_values(payload.data.reveal(), payload.hint)
    here = next((one for one in parts if one.name == part), None)
    if here is None:
        return None
    if not key.pair_id:
        return _of_one_value(parts, here, key, held)
    return _half(parts, here, key) if held is Holds.HALF else None


def _of_one_value(parts: tuple[Part, ...], here: Part, key: KeyFacts, held: Holds) -> tuple[str, str] | None:
    if key.uid and here.value == Secret.of(key.uid):
        what = "names this key by its id, and the key itself is not there as one value that could be replaced"
        return what, "Put it there as one value"
    beside = next((pair.id for pair in pairs(parts) if pair.secret.name == here.name), None)
    if held is Holds.OLD and beside is not None:
        return f"is the secret of the id in part {beside.name}, which would stay as it is", "Change the two by hand"
    return None


def _half(parts: tuple[Part, ...], here: Part, key: KeyFacts) -> tuple[str, str]:
    id_ = Secret.of(key.pair_id)
    beside = id_beside(parts, here.name)
    if here.value == id_:
        return _without_secret(parts, here)
    if beside is None:
        what = f"holds the secret of this key, and no id that plainly belongs to it stands beside it; {_LONE}"
        return what, _TOGETHER
    if beside.value == id_:
        return f"holds the id of this key (part {beside.name}) with another secret", "Put the right one there"
    return f"holds the secret of this key with another id (part {beside.name})", "Put the right one there"


def _without_secret(parts: tuple[Part, ...], here: Part) -> tuple[str, str]:
    paired = next((pair.secret.name for pair in pairs(parts) if pair.id.name == here.name), None)
    if paired is not None:
        return f"names this key by its id, and part {paired} holds its secret by now", "Scan again"
    near = [one.name for one in secrets_near(parts, here)]
    if not near:
        return f"names this key by its id, and its secret does not stand beside it; {_LONE}", _TOGETHER
    which = f"whether {near[0]} is" if len(near) == 1 else f"which of {', '.join(near)} is"
    return f"names this key by its id, and it is not plain {which} the secret that belongs to it", _NAMES
