"""How the tables came to be, one file a step; a step that was published never changes."""
