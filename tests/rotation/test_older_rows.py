"""Rotations that an older keyward began: the rows as it wrote them load, and go on to the end from every state.

`rows_of_schema_1.json` was written by the version that knew readable keys only, in a small world like the one of these tests.
"""

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from keyward.ledger.records import RotationRow, RotationState, WaitingOn
from keyward.model.capability import CrashClass
from keyward.rotation.happened import Action
from keyward.rotation.next_action import next_action
from keyward.rotation.state import SCHEMA, from_row, to_row
from tests.rotation.fake_world import Crash
from tests.rotation.story import Story, problems

pytestmark = pytest.mark.crash

ROWS = json.loads((Path(__file__).parent / "rows_of_schema_1.json").read_text())
OPEN = [state for state in ROWS if not RotationState(state).closed]


def _row(state):
    told = dict(ROWS[state])
    times = {name: datetime.fromisoformat(told[name]) for name in ("created", "updated", "due") if told[name]}
    return RotationRow(
        **{**told, **times, "state": RotationState(told["state"]), "waiting_on": WaitingOn(told["waiting_on"])}
    )


@pytest.mark.parametrize("state", ROWS)
def test_a_row_of_the_version_before_is_read(state):
    row = _row(state)
    assert row.schema == 1 < SCHEMA
    rotation = from_row(row)
    assert (rotation.state, rotation.crash, rotation.slot) == (state, CrashClass.NAMED, "")
    assert (next_action(rotation, row.updated) is Action.NOTHING) == rotation.closed
    assert from_row(to_row(rotation, row.updated)) == rotation


def _as_before(value, form):
    """What the version before would have written: nothing that it did not know."""
    if isinstance(form, dict) and isinstance(value, dict):
        return {name: _as_before(value[name], form[name]) for name in form if name in value}
    if isinstance(form, list) and form and isinstance(value, list):
        return [_as_before(item, form[0]) for item in value]
    return value


@pytest.mark.parametrize("state", OPEN)
def test_a_rotation_that_the_version_before_began_is_finished_from_every_state(state):
    """The older process died right after it had put down that state; from there on it is this version's."""
    going_back = RotationState(state) in {RotationState.ROLLING_BACK, RotationState.RB_WAIT}
    story = Story("A", undo_at=3 if going_back else None)

    def watch(_, point):
        if story.row is not None and story.row.state.value == state and point.startswith("after"):
            story.world.crashed = True
            raise Crash(point)

    for _ in range(30):
        if story.life(watch=watch):
            break
        story.rest()
    assert story.deaths == 1, f"it never came to {state}"
    now = story.row
    story.ledger.rows[now.id] = replace(now, schema=1, data=_as_before(dict(now.data), ROWS[state]["data"]))
    assert "crash" not in story.row.data
    story.finish()
    assert problems(story) == []
    assert story.row.schema == SCHEMA
