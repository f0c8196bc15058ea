"""Secret Manager v1 over REST and gRPC, on one state."""
