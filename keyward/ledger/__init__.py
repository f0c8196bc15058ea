"""The durable record: rotations, placements, targets, leases, the audit trail. No value, no response body, ever."""
