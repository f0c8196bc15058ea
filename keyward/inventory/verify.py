"""Whether keys still work, each tried once with a harmless request. The only thing written is that keyward itself used them."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from keyward.inventory.values import StoreOf, read_value
from keyward.ledger.records import ProbeRow
from keyward.model.capability import Can
from keyward.model.detectors import BY_KIND
from keyward.model.errors import Gone, KeywardError
from keyward.model.ids import SHAPE
from keyward.model.verdict import Verdict, VerdictKind

if TYPE_CHECKING:
    from keyward.ledger.interface import Ledger
    from keyward.model.context import Ctx
    from keyward.model.credential import Credential
    from keyward.model.placement import Placement
    from keyward.providers.interface import Provider

ProviderOf = Callable[[str], "Provider | None"]
"""The provider of that name; None when keyward has none."""


class Verifier:
    """Tries keys.

    Args:
        provider: gives the provider of a name.
        store: gives the store of a name.
        ledger: remembers the use; None where there is no ledger.
        ctx: how to ask.
    """

    def __init__(self, provider: ProviderOf, store: StoreOf, ledger: "Ledger | None", ctx: "Ctx") -> None:
        self._provider, self._store, self._ledger, self._ctx = provider, store, ledger, ctx

    def verify(self, credential: "Credential", placements: Iterable["Placement"] = ()) -> Verdict:
        """Try one key: by the value that its provider gives, else by the value in one of its places.

        A key that cannot be tried gets the verdict `unproved` with the reason, or `dead` where its provider has no such key any more.

        Raises:
            Interrupted: cancelled.
        """
        self._ctx.check()
        ref = credential.ref
        shape = BY_KIND.get(ref.scope) if ref.provider == SHAPE else None
        provider = self._provider(shape.provider if shape is not None else ref.provider)
        if provider is None or Can.VERIFY not in provider.can:
            return self._cannot(f"keyward cannot try keys of {credential.issuer or ref.provider}.")
        listed = ref if provider.name == ref.provider else None
        try:
            read = read_value(provider, listed, placements, self._store, self._ctx)
        except Gone as gone:
            return Verdict(VerdictKind.DEAD, str(gone), self._ctx.now, "gone")
        except KeywardError as error:
            return self._cannot(f"Its value cannot be read: {error}")
        if read is None:
            return self._cannot("No place with its value is known.")
        verdict = provider.verify(read[0], listed, self._ctx)
        if self._ledger is not None:
            at = verdict.at or self._ctx.now
            self._ledger.probe(ProbeRow(credential.id, at, verdict.kind.value, verdict.evidence))
        return verdict

    def _cannot(self, why: str) -> Verdict:
        return Verdict(VerdictKind.UNPROVED, why, self._ctx.now, "not-tried")
