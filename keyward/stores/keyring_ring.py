"""What the keyring store needs from a keyring, whichever one the machine has, and how its troubles are said."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from keyward.model.errors import KeywardError, SourceError
from keyward.model.ids import SecretRef
from keyward.model.secret import Secret
from keyward.model.text import clean

NAME = "keyring"
SCOPE = "local"


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a keyring, without its value.

    `version` changes when the entry is known to have changed. Times (UTC) are the entry's own and say nothing of the key in it.
    `unsafe` says why it must not be written; `collection` is where it lies, empty when the keyring has no such thing.
    """

    service: str
    user: str
    version: str
    created: datetime | None = None
    updated: datetime | None = None
    collection: str = ""
    plaintext: bool = False
    unsafe: str = ""


class Ring(Protocol):
    """A keyring. Nothing here ever opens a dialog unless it is said."""

    def items(self) -> Iterator[Item]:
        """Every entry that can be listed, in no order.

        Raises:
            SourceError: the keyring cannot be asked, or (at the end, status "partial") parts of it are locked.
        """
        ...

    def item(self, service: str, user: str) -> Item:
        """One entry.

        Raises:
            Gone: there is none.
            SourceError: the keyring is locked (status "denied") or cannot be asked.
        """
        ...

    def read(self, service: str, user: str) -> tuple[Item, Secret]:
        """One entry with its value; raises like `item`."""
        ...

    def write(self, service: str, user: str, value: Secret) -> None:
        """Replace the value of an entry that exists.

        Raises:
            Gone: there is none.
            Refused: locked, or the keyring said no; nothing was written.
            Ambiguous: no answer came.
        """
        ...

    def room(self) -> str:
        """Why a new entry must not be made; empty when it may be.

        Raises:
            SourceError: the keyring is locked (status "denied") or cannot be asked.
        """
        ...

    def create(self, service: str, user: str) -> None:
        """Make an empty entry where readers of the default keyring find it; one that is there stays as it is.

        Raises:
            Refused: the keyring said no.
            SourceError: locked, or not reached: nothing was made.
            Ambiguous: no answer came.
        """
        ...

    def remove(self, service: str, user: str) -> None:
        """Remove an entry; one that is not there is fine. Raises like `create`."""
        ...


def ref_of(service: str, user: str, scope: str = SCOPE) -> SecretRef:
    """The reference of an entry."""
    return SecretRef(NAME, (service, user), scope)


def locked(what: str) -> SourceError:
    """The keyring is locked; no dialog is opened to unlock it."""
    return SourceError(
        f"{what} is locked.",
        status="denied",
        hint="Unlock it, by logging in to the desktop or in its own application, and try again.",
    )


def unreachable(why: str) -> SourceError:
    """There is no keyring, or it does not answer."""
    return SourceError(
        f"The keyring cannot be reached: {clean(why)}.",
        status="unreachable",
        hint="It needs the desktop session of this user (D-Bus); leave [keyring] services empty where there is none.",
    )


def told(error: BaseException, value: Secret | None = None) -> str:
    """What the other side said, clean, and without the value should it be in there."""
    text = error.message if isinstance(error, KeywardError) else str(error) or type(error).__name__
    return "(hidden: its words contain the value)" if value and value.reveal_text() in text else clean(text, 300)
