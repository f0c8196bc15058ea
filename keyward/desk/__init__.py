"""What the command line and the app do with the engines: one facade, nothing about terminals."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyward.desk.desk import Desk
    from keyward.desk.wish import Changes, Check, ScanSummary, ScanWish, Status

__all__ = ["Changes", "Check", "Desk", "ScanSummary", "ScanWish", "Status"]


def __getattr__(name: str) -> object:
    """Load what is asked for: a list of cached keys needs the desk, but no wishes."""
    if name == "Desk":
        from keyward.desk.desk import Desk

        return Desk
    if name in __all__:
        from keyward.desk import wish

        return getattr(wish, name)
    raise AttributeError(name)
