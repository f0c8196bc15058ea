"""Real parts that the tests run against: the emulator, keyrings, terminals."""
