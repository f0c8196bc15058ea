"""What the command line and the app do with the engines: one facade, nothing about terminals."""

from keyward.desk.desk import Desk
from keyward.desk.wish import Changes, ScanSummary, ScanWish

__all__ = ["Changes", "Desk", "ScanSummary", "ScanWish"]
