"""Telling people and monitors about unattended runs: texts without values, addresses that are never shown."""
