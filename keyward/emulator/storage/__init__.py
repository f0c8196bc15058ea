"""Cloud Storage: HMAC keys of service accounts, and the signed request that proves one."""
