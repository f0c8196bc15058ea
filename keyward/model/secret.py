"""The one type that holds a credential's value.

It cannot be printed, logged, formatted, pickled or compared in variable time. `reveal` is the single door (`reveal_text` goes through
it), so `grep reveal` finds every place where a value is really used.
"""

import hmac
from typing import NoReturn, Self

REDACTED = "[value hidden]"


class Secret:
    """Bytes that keep themselves out of every text.

    Args:
        value: the raw bytes of the credential or payload.
    """

    __slots__ = ("_value",)
    __hash__ = None  # type: ignore[assignment]  # a hash would be a fast equality oracle; use a fingerprint

    def __init__(self, value: bytes) -> None:
        self._value = bytes(value)

    @classmethod
    def of(cls, text: str) -> Self:
        """Wrap a text; it is kept as UTF-8."""
        return cls(text.encode("utf-8", "surrogateescape"))

    def reveal(self) -> bytes:
        """The raw bytes: call it where they are written, sent or hashed, and nowhere else."""
        return self._value

    def reveal_text(self) -> str:
        """The value as text for a header or an API field; the same care as `reveal`. Bytes that are not UTF-8 become surrogates."""
        return self.reveal().decode("utf-8", "surrogateescape")

    def __len__(self) -> int:
        return len(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value, other._value)

    def __repr__(self) -> str:
        return REDACTED

    def __str__(self) -> str:
        return REDACTED

    def __format__(self, spec: str) -> str:
        return REDACTED

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret is never pickled")
