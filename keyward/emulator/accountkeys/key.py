"""One service account key, as IAM keeps and shows it: the public half only."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from keyward.emulator.clock import parse, seconds

if TYPE_CHECKING:
    from datetime import datetime

NO_EXPIRY = "9999-12-31T23:59:59Z"

_TIMES = ("made", "valid_after", "valid_before", "works_from", "settles", "deleted")
_REASON = "SERVICE_ACCOUNT_KEY_DISABLE_REASON_"
_STATUS = "SERVICE_ACCOUNT_KEY_EXTENDED_STATUS_KEY_"


@dataclass(slots=True)
class AccountKey:
    """A user-managed key of a service account."""

    email: str
    """The account's."""
    key_id: str
    """40 hexadecimal digits."""
    made: datetime
    """When IAM was asked for it; an uploaded certificate may be valid from an earlier time on."""
    valid_after: datetime
    works_from: datetime
    """No token is given for it before this time."""
    valid_before: datetime | None = None
    """None is for ever."""
    origin: str = "GOOGLE_PROVIDED"
    algorithm: str = "KEY_ALG_RSA_2048"
    certificate: str = ""
    """X.509 certificate in PEM; empty where nobody asked for it yet."""
    disabled: bool = False
    disable_reason: str = ""
    """`USER_INITIATED`, `EXPOSED`, `COMPROMISE_DETECTED` or empty."""
    extended: dict[str, str] = field(default_factory=dict)
    """What stays for the key's life, by `EXPOSED` or `COMPROMISE_DETECTED`."""
    deleted: datetime | None = None
    settles: datetime | None = None
    """Until then the last change has not reached the token service."""
    before: bool = True
    """Whether the key worked before the last change."""

    def works(self, now: datetime) -> bool:
        """Say whether the token service takes a signature by this key."""
        if now < self.works_from or (self.valid_before and now >= self.valid_before):
            return False
        if self.settles and now < self.settles:
            return self.before
        return not self.disabled and self.deleted is None

    def change(self, now: datetime, settles: datetime) -> None:
        """Note that the key is about to be switched or deleted, which takes effect later."""
        self.before, self.settles = self.works(now), settles

    def resource(self, project_id: str) -> dict[str, Any]:
        """Give the JSON resource; IAM names the project by id."""
        optional: dict[str, Any] = {
            "disabled": self.disabled,
            "disableReason": _REASON + self.disable_reason if self.disabled and self.disable_reason else "",
            "extendedStatus": [{"key": _STATUS + name, "value": text} for name, text in self.extended.items()],
        }
        return {
            "name": f"projects/{project_id}/serviceAccounts/{self.email}/keys/{self.key_id}",
            "validAfterTime": seconds(self.valid_after),
            "validBeforeTime": seconds(self.valid_before) if self.valid_before else NO_EXPIRY,
            "keyAlgorithm": self.algorithm,
            "keyOrigin": self.origin,
            "keyType": "USER_MANAGED",
            **{name: value for name, value in optional.items() if value},
        }

    def dump(self) -> dict[str, Any]:
        """Give the JSON form of a snapshot."""
        data = {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}
        # Whole seconds would make a key older than the account that it is in.
        return {**data, **{name: data[name].isoformat() for name in _TIMES if data[name]}}

    @classmethod
    def load(cls, data: dict[str, Any]) -> AccountKey:
        """Read the JSON form of a snapshot."""
        return cls(**{**data, **{name: parse(data[name]) for name in _TIMES if data[name]}})
