"""Cloud Logging: the audit log of administrative changes, and reading it."""
