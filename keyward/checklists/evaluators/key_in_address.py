"""Whether code sends a key in an address: one that stands in it, as `keyward leaks` sees it, and one that code puts there when it runs."""

import os
import secrets
from dataclasses import replace
from pathlib import Path

from keyward.checklists.code.pattern import Pattern, patterns
from keyward.checklists.code.search import Hit, Searched, search, whose
from keyward.checklists.evaluators.evaluator import Evaluator
from keyward.checklists.evaluators.folders import ABOUT, named, nowhere, outcome, with_env_files
from keyward.checklists.ground import Ground
from keyward.checklists.item import Item, Subject
from keyward.checklists.result import Outcome
from keyward.hygiene.leaks import search as leaks
from keyward.hygiene.leaks.found import Looked, Place
from keyward.hygiene.leaks.seek import Keys
from keyward.model.detector import Confidence
from keyward.model.fingerprint import FingerprintKey
from keyward.model.secret import Secret

_TOPIC = "key-in-address"


def _evaluate(item: Item, subject: Subject, ground: Ground) -> Outcome:
    del item
    stopped = nowhere(subject, ground)
    if stopped is not None:
        return stopped
    found = ground.once(_TOPIC, lambda: _found(ground))
    return outcome(found, ground, kept="no key is in the query of an address")


def _found(ground: Ground) -> Searched:
    (pattern,) = patterns(_TOPIC)
    by_code = search(with_env_files(ground), [pattern], ground.machine.environ)
    looked, standing = _standing(ground, replace(pattern, what="a key stands in the query of an address"))
    gaps = tuple(f"{path} was not read: {detail or why.value}" for path, why, detail in looked.gaps)
    hits = {(one.path, one.line): one for one in (*by_code.hits, *standing)}  # one line, one fact
    every = tuple(hits[one] for one in sorted(hits))
    return Searched(every, looked.read, tuple(dict.fromkeys((*by_code.gaps, *gaps))))


def _standing(ground: Ground, pattern: Pattern) -> tuple[Looked, list[Hit]]:
    """Keys that stand in an address, by the same search as `keyward leaks`; its ids are of this run only, and nothing is kept."""
    keys = Keys(FingerprintKey("run", Secret(secrets.token_bytes(32))))
    looked, found = leaks.files(named(ground), leaks.Wish(keys, ground.machine.environ))
    hits = [
        Hit(place.path, place.line, pattern, whose(_below(place, ground)))
        for leak in found
        if leak.mark.confidence != Confidence.DOUBTFUL.value
        for place in leak.places
        if place.in_query
    ]
    return looked, hits


def _below(place: Place, ground: Ground) -> str:
    """The path from the folder that was named, so that no name above it counts."""
    path = Path(place.path)
    above = next((one for one in ground.machine.folders if path.is_relative_to(one)), None)
    return os.fspath(path.relative_to(above) if above is not None else path)


EVALUATOR = Evaluator(_TOPIC, "keys in the query of addresses, in code", ABOUT, _evaluate)
