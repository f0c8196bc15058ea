"""One entry of a keyring, read and set without a process of its own: a judge looks at it at every point."""


class Ring:
    """The entry of that service and user, in the Secret Service that these variables lead to."""

    def __init__(self, environ, service, user):
        from jeepney.io.blocking import open_dbus_connection  # comes with secretstorage, on Linux only

        self._named = {"service": service, "username": user}
        self._session = None
        self._connection = open_dbus_connection(environ["DBUS_SESSION_BUS_ADDRESS"])

    @property
    def value(self):
        """What a reader gets now."""
        return self._once_more(self._get)

    def set(self, value):
        """Put that value into it, where it is."""
        self._once_more(self._set, value.encode())

    def _get(self):
        (item,) = self._items()
        return item.get_secret().decode()

    def _set(self, value):
        for item in self._items():
            item.set_secret(value)

    def _once_more(self, do, *arguments):
        """A keyring that was started anew knows the entries, and not what was agreed on with the one before."""
        from jeepney.wrappers import DBusErrorResponse

        try:
            return do(*arguments)
        except DBusErrorResponse:
            self._session = None
            return do(*arguments)

    def remove(self, service, user):
        """Take another entry away."""
        for item in self._items({"service": service, "username": user}):
            item.delete()

    def _items(self, named=None):
        import secretstorage

        found = list(secretstorage.search_items(self._connection, named or self._named))
        if self._session is None:  # agreeing on a key takes longer than anything else that the judge does
            self._session = secretstorage.util.open_session(self._connection)
        for item in found:
            item.session = self._session
        return found

    def close(self):
        """Let go of the keyring."""
        self._connection.close()
