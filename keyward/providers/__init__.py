"""Who mints and revokes credentials: one interface, one module a provider."""
