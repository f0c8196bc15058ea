"""Finding what went wrong around rotations, and mending it: after a person has seen what would be done."""
