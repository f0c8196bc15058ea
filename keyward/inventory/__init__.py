"""Which keys there are, where they are kept, and what of that could not be seen."""
