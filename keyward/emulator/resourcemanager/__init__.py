"""Resource Manager v3 and v1: projects, folders and organisations."""
