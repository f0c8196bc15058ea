"""The built-in Google Cloud: real HTTP and gRPC on loopback, for the demo, for tests and for trying things out."""
