"""Cloud Asset Inventory v1: what is in a project, a folder or an organisation, in one list, and late."""
