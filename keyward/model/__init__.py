"""The vocabulary: what credentials, secrets, placements, usage and plans are. Pure: no I/O, no clock, standard library only."""
