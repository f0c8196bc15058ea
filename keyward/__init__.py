"""keyward: find every API key you own and every place it is kept, and replace it without an outage or a loose end."""

__version__ = "0.1.0"
