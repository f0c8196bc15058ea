"""Monitoring v3: how often keys were used, as time series."""
