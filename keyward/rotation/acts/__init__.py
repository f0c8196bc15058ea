"""Acts on one key: revoke, restore, disable, enable. Planned from the world as it is, done under a lease, finished by doing them again."""
