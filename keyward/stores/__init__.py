"""Where values are kept: one interface, one module a store."""
