"""A fresh look for one key at every place whose values may be read: before it is rotated, and before it is retired.

One look serves all keys that are asked about within half a minute, so that rotating two hundred keys reads the places once.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from keyward.inventory.link import BY_FINGERPRINT, BY_ID, Found, role
from keyward.inventory.reading import look_into
from keyward.inventory.relink import gone
from keyward.inventory.reports import report
from keyward.inventory.request import ScanRequest
from keyward.inventory.rows import secret_info
from keyward.inventory.scan import scan
from keyward.model.detectors import BY_KIND
from keyward.model.placement import Placement
from keyward.model.secretinfo import Version, VersionState
from keyward.model.source import SourceStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from keyward.inventory.cache_write import CacheWriter
    from keyward.ledger.interface import Ledger
    from keyward.model.context import Ctx
    from keyward.model.credential import Credential
    from keyward.model.fingerprint import FingerprintKey
    from keyward.model.ids import SecretRef
    from keyward.model.secretinfo import Payload, SecretInfo
    from keyward.model.source import SourceReport

_FRESH = 30.0
"""Seconds for which a look counts as now."""

_PARTS = """
    SELECT p.item, p.version, p.name, p.kind, p.fingerprint, p.value_id, p.inside, p.expires FROM part p JOIN secret s ON s.id = p.item
    WHERE p.key_id = ? AND ((p.fingerprint = ? AND p.fingerprint != '') OR (p.value_id = ? AND p.value_id != ''))
    ORDER BY p.item, p.version, p.name
"""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The places found, and what was and was not looked at; a source without consent counts with all that it holds."""

    placements: tuple[Placement, ...] = ()
    sources: tuple["SourceReport", ...] = ()
    info: "Callable[[SecretRef], SecretInfo | None]" = lambda _: None


class Looker:
    """Looks at the stores of a request. It may be used from several threads.

    Args:
        request: its stores are looked at, if their values may be read; its providers are not asked.
        open_cache: opens the cache, which remembers what was read; called once.
        key: the ledger's fingerprint key.
        ctx: how to ask; nothing is reported.
        ledger: learns what was seen; None for a look that leaves no trace there.
        recent: current payloads that this process has just read, by secret: about these nothing is asked but their labels and aliases.
    """

    def __init__(
        self,
        request: ScanRequest,
        open_cache: "Callable[[], CacheWriter]",
        key: "FingerprintKey",
        ctx: "Ctx",
        ledger: "Ledger | None" = None,
        *,
        recent: "Callable[[], Mapping[SecretRef, Payload]]" = dict,
    ) -> None:
        self._recent = recent
        self._all = tuple(one.id for one in request.stores)
        readable = tuple(one for one in request.stores if one.values)
        self._request = replace(request, providers=(), stores=readable, usage=False)
        self._open_cache, self._key, self._ledger = open_cache, key, ledger
        self._ctx = replace(ctx, report=lambda _: None)
        self._lock = threading.Lock()
        self._cache: CacheWriter | None = None
        self._looked = float("-inf")

    def look(self, credential: "Credential") -> Coverage:
        """Where the key is now.

        Args:
            credential: found by its fingerprint, or by its uid where a payload names that.

        Raises:
            Interrupted: cancelled.
            KeywardError: the cache or the ledger cannot be written.
        """
        with self._lock:
            self._ctx.check()
            if self._cache is None:
                self._cache = self._open_cache()
            if time.monotonic() - self._looked > _FRESH:
                known = self._known(self._cache)
                stores = tuple(replace(one, known=known) for one in self._request.stores)
                request = replace(self._request, stores=stores)
                scan(request, self._cache, self._ctx, fingerprints=self._key, ledger=self._ledger)
                self._ctx.check()
                self._looked = time.monotonic()
            places = {place.at: place for place in self._places(self._cache, credential)}
            return Coverage(tuple(places.values()), tuple(self._coverage(self._cache)), self.info)

    def info(self, secret: "SecretRef") -> "SecretInfo | None":
        """The secret as the last look listed it; None when that was long ago, or it was not among what was listed."""
        with self._lock:
            if self._cache is None or time.monotonic() - self._looked > _FRESH:
                return None
            run = self._cache.connection.execute
            row = run("SELECT * FROM secret WHERE id = ?", (str(secret),)).fetchone()
            if row is None or row["source"] not in {one.id for one in self._request.stores}:
                return None
            source = run("SELECT * FROM source WHERE id = ?", (row["source"],)).fetchone()
            known = None if source is None else report(source)
            return secret_info(row) if known is not None and known.status is SourceStatus.OK else None

    def _known(self, cache: "CacheWriter") -> "dict[SecretRef, SecretInfo]":
        """Secrets whose newest version was read a moment ago, with all that is known of their versions."""
        found = {}
        looked = cache.looked()
        with cache.batch():
            for ref, payload in self._recent().items():
                row = cache.connection.execute("SELECT * FROM secret WHERE id = ?", (str(ref),)).fetchone()
                info = None if row is None else secret_info(row)
                if info is None or not info.immutable_versions or info.versions is None:
                    continue
                if (str(ref), payload.version) not in looked:
                    cache.found(str(ref), payload.version, look_into(payload, self._key), lasting=True)
                older = tuple(one for one in info.versions if one.id != payload.version)
                newest = info.version(payload.version) or Version(payload.version, VersionState.ENABLED, self._ctx.now)
                newest = replace(newest, state=VersionState.ENABLED)
                found[ref] = replace(info, current=newest.id, versions=(newest, *older))
        return found

    def close(self) -> None:
        """Let go of the cache."""
        with self._lock:
            if self._cache is not None:
                self._cache.close()
                self._cache = None
                self._looked = float("-inf")

    def _places(self, cache: "CacheWriter", credential: "Credential") -> Iterator[Placement]:
        run = cache.connection.execute
        looked = {one.id for one in self._request.stores}
        for row in run(_PARTS, (self._key.id, credential.fingerprint or "", credential.uid)).fetchall():
            found = Found(*tuple(row)[2:])
            by_id = found.fingerprint == "" or found.fingerprint != credential.fingerprint
            if by_id and BY_KIND[found.kind].provider != credential.ref.provider:
                continue
            secret = run("SELECT * FROM secret WHERE id = ?", (row["item"],)).fetchone()
            info, version = secret_info(secret), row["version"]
            if secret["source"] not in looked or gone(info, version):
                continue
            listed = info.version(version)
            what, alias = role(version, info.current, info.aliases)
            yield Placement(
                at=info.ref.at(version, found.name if not by_id or found.inside is None else found.inside),
                credential=credential.ref,
                role=what,
                version_state=listed.state if listed is not None else VersionState.ENABLED,
                alias=alias,
                fingerprint="" if by_id else found.fingerprint,
                found_by=BY_ID if by_id else BY_FINGERPRINT,
                host=secret["host"],
            )

    def _coverage(self, cache: "CacheWriter") -> "Iterator[SourceReport]":
        looked = {one.id for one in self._request.stores}
        for source in self._all:
            row = cache.connection.execute("SELECT * FROM source WHERE id = ?", (source,)).fetchone()
            if row is None:
                continue
            known = report(row)
            yield known if source in looked else replace(known, looked=0, not_looked=known.looked + known.not_looked)
