"""Bearer tokens of service accounts: for a signed assertion (OAuth 2.0, RFC 7523), or for a caller who may act as the account."""
