"""Policy Analyzer v1: when service account keys last authenticated, to the day."""
