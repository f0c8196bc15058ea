"""Providers described as data: who issues a key, where a person makes and deletes one, how it is tried, and how that is known.

One file in `data/` describes one provider; nothing else has to change for a new one.
"""

from keyward.providers.catalog.entry import Entry, Pages, Probe, Revocation, Source
from keyward.providers.catalog.load import ids, named, of_kind, of_name, read

__all__ = ["Entry", "Pages", "Probe", "Revocation", "Source", "ids", "named", "of_kind", "of_name", "read"]
