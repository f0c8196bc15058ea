"""Adds up what tests count of themselves (`record_property` with a number) and says it at the end of a run."""

from collections import Counter


def pytest_terminal_summary(terminalreporter):
    """One line for each thing that was counted."""
    counted: Counter[str] = Counter()
    for report in terminalreporter.stats.get("passed", []):
        for name, value in getattr(report, "user_properties", ()):
            if isinstance(value, int) and not isinstance(value, bool):
                counted[name] += value
    if counted:
        terminalreporter.section("counted")
        for name, value in sorted(counted.items()):
            terminalreporter.write_line(f"{value:>10,} {name}")
