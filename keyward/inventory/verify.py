"""Whether keys still work, each tried once with a harmless request. The only thing written is that keyward itself used them."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from keyward.inventory.link import BY_ID
from keyward.ledger.records import ProbeRow
from keyward.model.capability import Can
from keyward.model.detectors import BY_KIND
from keyward.model.errors import Gone, KeywardError, UsageError
from keyward.model.ids import SHAPE
from keyward.model.verdict import Verdict, VerdictKind

if TYPE_CHECKING:
    from keyward.ledger.interface import Ledger
    from keyward.model.context import Ctx
    from keyward.model.credential import Credential
    from keyward.model.ids import CredentialRef
    from keyward.model.placement import Placement
    from keyward.model.secret import Secret
    from keyward.providers.interface import Provider
    from keyward.stores.interface import Store

ProviderOf = Callable[[str], "Provider | None"]
"""The provider of that name; None when keyward has none."""
StoreOf = Callable[[str], "Store"]


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
            value = self._value(provider, listed, placements)
        except Gone as gone:
            return Verdict(VerdictKind.DEAD, str(gone), self._ctx.now, "gone")
        except KeywardError as error:
            return self._cannot(f"Its value cannot be read: {error}")
        if value is None:
            return self._cannot("No place with its value is known.")
        verdict = provider.verify(value, listed, self._ctx)
        if self._ledger is not None:
            at = verdict.at or self._ctx.now
            self._ledger.probe(ProbeRow(credential.id, at, verdict.kind.value, verdict.evidence))
        return verdict

    def _value(
        self, provider: "Provider", ref: "CredentialRef | None", placements: Iterable["Placement"]
    ) -> "Secret | None":
        if ref is not None and Can.READ_VALUE in provider.can:
            return provider.read_value(ref, self._ctx)
        from keyward.model.parts import read_part

        trouble: KeywardError | None = None
        for place in sorted(placements, key=lambda one: one.role.value != "current"):
            if place.found_by == BY_ID and not place.fingerprint:
                continue  # what is there is the key's id, and not its value
            try:
                payload = self._store(place.at.secret.store).read(place.at.secret, self._ctx, place.at.version)
                value = read_part(payload.data.reveal(), place.at.part, payload.hint)
            except Gone:
                continue
            except KeywardError as error:
                trouble = error
                continue
            if value is not None:
                return value
        if trouble is not None:
            raise trouble
        return None

    def _cannot(self, why: str) -> Verdict:
        return Verdict(VerdictKind.UNPROVED, why, self._ctx.now, "not-tried")


def verify_placement(verifier: Verifier, credential: "Credential", placement: "Placement") -> Verdict:
    """Try the key with the value of that very place.

    Raises:
        UsageError: the place holds another key.
    """
    if placement.credential != credential.ref:
        raise UsageError(f"{placement.at} holds {placement.credential}, not {credential.id}.")
    return verifier.verify(credential, (placement,))
