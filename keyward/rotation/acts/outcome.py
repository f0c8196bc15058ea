"""How an act on one key ended."""

from dataclasses import dataclass, replace
from datetime import datetime

from keyward.model.errors import Exit


@dataclass(frozen=True, slots=True)
class ActOutcome:
    """Where one key stands after an act.

    `done` says that the key is as it was wanted; `said` what happened; `proof` what trying its value showed, and `proved` whether that
    settles it. `undo_until` (UTC) is until when its provider can take it back.
    """

    id: str
    done: bool
    said: str
    exit_code: Exit = Exit.OK
    state: str = ""
    proof: str = ""
    proved: bool | None = None
    undo_until: datetime | None = None

    def with_proof(self, proof: str, *, proved: bool | None, exit_code: Exit = Exit.OK) -> "ActOutcome":
        """The same with what trying the value showed."""
        return replace(self, proof=proof, proved=proved, exit_code=exit_code)
