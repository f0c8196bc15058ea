"""Whether the driver for PostgreSQL is installed."""

from keyward.model.errors import NotConfigured


def needed() -> None:
    """See that the driver is there.

    Raises:
        NotConfigured: it is not; the hint says how it is had.
    """
    try:
        import psycopg  # noqa: F401  # only whether it can be loaded
    except ImportError:
        raise NotConfigured(
            "A ledger on PostgreSQL needs the driver psycopg, which is not installed here.",
            hint="Install keyward with it: pip install 'keyward[postgres]'.",
        ) from None
