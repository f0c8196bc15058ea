"""What can go wrong, as a person should hear it.

Every error names what happened (message), to which key, file or project (in the message), and what to do (hint).

    KeywardError                      exit 1
    ├── UsageError                    exit 2   wrong option, unknown key, bad query
    │   ├── QueryError                         a query that cannot be read; has the column
    │   ├── UnknownKey                         no key of that id or name
    │   └── AmbiguousKey                       several keys of that prefix or name
    ├── NotConfigured                 exit 4   no credentials, no fingerprint key, broken settings
    │   ├── SettingsError                      a settings file that cannot be used; has file and line
    │   ├── NotAllowed                         not permitted here: endpoint, consent, permission, file mode
    │   ├── AnotherWorld                       the ledger or cache belongs to other endpoints
    │   ├── FingerprintKeyMissing              the key that the ledger names is absent or different
    │   └── LedgerBroken                       the ledger cannot be read; never overwritten
    ├── Held                          exit 5   somebody else works on it
    ├── NeedsPerson                   exit 6   a decision that only a person may take
    │   └── NeedsValue                         a value that only a person can hand in
    ├── WorldChanged                  exit 7   a saved plan no longer fits
    ├── Interrupted                   exit 130 Ctrl-C or SIGTERM; the state is resumable
    ├── SourceError                   exit 3   a provider or store could not be asked; has status, permission, api
    ├── Gone                                   the thing asked for does not exist (any more)
    ├── Refused                                the other side said no, definitely; nothing was done
    ├── Ambiguous                              no answer: it may or may not have been done; look before going on
    └── Conflict                               something else is there than expected; nothing was overwritten
"""

from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of the command line (DESIGN.md section 12)."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    PARTIAL = 3
    NOT_CONFIGURED = 4
    HELD = 5
    NEEDS_PERSON = 6
    WORLD_CHANGED = 7
    INTERRUPTED = 130


class KeywardError(Exception):
    """The root: a message for a person, a hint what to do, an exit code.

    Args:
        message: what happened, to what. Already clean of control characters and values.
        hint: what to do about it, a sentence or a command; empty when there is nothing to say.
    """

    exit_code: Exit = Exit.FINDINGS
    title = "Failed"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip() if self.hint else self.message


class UsageError(KeywardError):
    """The command was not understood."""

    exit_code = Exit.USAGE
    title = "Wrong usage"


class QueryError(UsageError):
    """A query that cannot be read.

    Args:
        message: what is wrong with it.
        query: the query as typed.
        column: where, counted from 0.
        hint: what would be right.
    """

    title = "Bad query"

    def __init__(self, message: str, *, query: str, column: int, hint: str = "") -> None:
        super().__init__(f"{message} (column {column + 1} of {query!r})", hint=hint)
        self.plain = message
        self.query = query
        self.column = column


class UnknownKey(UsageError):
    """No key has that id or name."""

    title = "Unknown key"


class AmbiguousKey(UsageError):
    """Several keys have that prefix or name."""

    title = "Ambiguous key"


class NotConfigured(KeywardError):
    """Something that must be set up is not."""

    exit_code = Exit.NOT_CONFIGURED
    title = "Not configured"


class SettingsError(NotConfigured):
    """A settings file that cannot be used.

    Args:
        message: what is wrong.
        file: the file.
        line: its line, counted from 1; 0 when unknown.
        hint: the nearest right name, or the fix.
    """

    title = "Bad settings"

    def __init__(self, message: str, *, file: str = "", line: int = 0, hint: str = "") -> None:
        where = f"{file}:{line}: " if file and line else f"{file}: " if file else ""
        super().__init__(where + message, hint=hint)
        self.file = file
        self.line = line


class NotAllowed(NotConfigured):
    """Not permitted: an endpoint, a reading without consent, a file's mode or owner."""

    title = "Not allowed"


class AnotherWorld(NotConfigured):
    """A ledger or cache made against other endpoints."""

    title = "Another world"


class FingerprintKeyMissing(NotConfigured):
    """The fingerprint key that the ledger names is absent, or is another one."""

    title = "No fingerprint key"


class LedgerBroken(NotConfigured):
    """The ledger cannot be read. It is never overwritten."""

    title = "Broken ledger"


class Held(KeywardError):
    """Somebody else holds the lease of this key or target."""

    exit_code = Exit.HELD
    title = "Held"


class NeedsPerson(KeywardError):
    """A decision that only a person may take."""

    exit_code = Exit.NEEDS_PERSON
    title = "Needs a person"


class NeedsValue(NeedsPerson):
    """A value that is kept nowhere any more has to be handed in by a person; `credential` is the id of the key that it belongs to."""

    def __init__(self, message: str, *, credential: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.credential = credential


class WorldChanged(KeywardError):
    """A saved plan no longer matches the world."""

    exit_code = Exit.WORLD_CHANGED
    title = "The world changed"


class Interrupted(KeywardError):
    """Stopped by Ctrl-C or SIGTERM; what was begun can be resumed."""

    exit_code = Exit.INTERRUPTED
    title = "Interrupted"


class SourceError(KeywardError):
    """A provider or store could not answer.

    Args:
        message: what the other side said, clean and redacted.
        status: one of the `SourceStatus` words: denied, disabled, unreachable, failed.
        permission: the missing permission, when known, e.g. `apikeys.keys.list`.
        api: the API concerned, when known, e.g. `apikeys.googleapis.com`.
        retry_after: seconds to wait, when the other side said so.
        hint: what to do.
    """

    exit_code = Exit.PARTIAL
    title = "Source failed"

    def __init__(
        self,
        message: str,
        *,
        status: str = "failed",
        permission: str = "",
        api: str = "",
        retry_after: float | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.permission = permission
        self.api = api
        self.retry_after = retry_after


class Gone(KeywardError):
    """The thing asked for does not exist, or no longer."""

    title = "Gone"


class Refused(KeywardError):
    """The other side said no, definitely; nothing was done.

    Args:
        message: what it said, clean and redacted.
        reason: its machine-readable reason, when there is one (for Google: `google.rpc.ErrorInfo.reason` or the status).
        permission: the missing permission, when known.
        hint: what to do.
    """

    title = "Refused"

    def __init__(self, message: str, *, reason: str = "", permission: str = "", hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason
        self.permission = permission


class Ambiguous(KeywardError):
    """No answer came: the change may or may not have been made. Look at the world before going on."""

    title = "No answer"


class Conflict(KeywardError):
    """Something else is there than was expected; nothing was overwritten."""

    exit_code = Exit.NEEDS_PERSON
    title = "Conflict"
