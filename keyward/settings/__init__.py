"""Typed configuration: every value knows where it came from, and how far that place is trusted (DESIGN.md section 13)."""

from keyward.settings.load import Loaded, Origin, load
from keyward.settings.schema import Settings

__all__ = ["Loaded", "Origin", "Settings", "load"]
