"""Consumers: commands of this host's own settings that are run when a target changed, so that readers take the new value."""
