"""What all Google modules share: where to ask, as whom, how often, and what the answers mean."""
