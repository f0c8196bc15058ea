"""API Keys v2: the keys of all projects, their long-running operations and what propagates when."""
