"""Replacing a key without an outage and without a loose end: plan, machine, runner. Knows interfaces, never a concrete provider."""
