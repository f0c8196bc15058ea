"""What is wrong, why it matters, and what mends it: rules over what is known of keys and secrets (DESIGN.md section 10)."""
