"""IAM v1: the keys of service accounts, their life and the material in them."""
