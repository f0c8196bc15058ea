"""The address of a ledger on PostgreSQL: what it may say, how the connection is protected, and the only form in which it is shown.

Sources: PostgreSQL 18, "libpq" chapter, sections 32.1 (connection strings), 32.15 (environment), 32.16 (password file), 32.19 (SSL).
"""

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from keyward.model.errors import NotAllowed, NotConfigured

_SCHEMES = ("postgresql", "postgres")
_WORD = re.compile(r"[A-Za-z0-9_.$-]{1,63}")
_HOSTS = re.compile(r"[A-Za-z0-9._:,-]{1,253}")
_FOLDER = re.compile(r"(/[A-Za-z0-9._-]+)+")
_PORTS = re.compile(r"\d{1,5}(,\d{1,5})*")
_FREE = ("sslrootcert", "sslcert", "sslkey", "sslcrl", "passfile")
_WORDS = (
    "service",
    "sslmode",
    "target_session_attrs",
    "krbsrvname",
    "require_auth",
    "channel_binding",
    "connect_timeout",
)
_SECRETS = ("password", "sslpassword", "passwd", "oauth_client_secret")
_PROVED = ("verify-full", "verify-ca")
_FORM = "Write postgresql://user@host/database, with options such as ?sslrootcert=/path/ca.pem behind it."
_INSTEAD = (
    "Take it out of ledger.url, and keep it where PostgreSQL's own tools look: ~/.pgpass or the file that PGPASSFILE names (mode 0600), "
    "the variable PGPASSWORD in a service that gets its secrets that way, or a service file (?service=NAME). "
    "Without any password: peer authentication over the Unix socket, or a client certificate (?sslcert=FILE&sslkey=FILE)."
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a ledger is. `name` may be shown; `parameters` go to libpq, and hold no password."""

    name: str
    parameters: Mapping[str, str] = field(repr=False)


def is_postgres(where: str | os.PathLike[str]) -> bool:
    """Whether a ledger's address means PostgreSQL, whatever else is wrong with it."""
    return os.fspath(where).strip().lower().startswith(("postgres:", "postgresql:", "postgresql+", "postgres+"))


def shown(where: str) -> str:
    """A ledger's address as it may be shown: nothing but host and database of one that could be used."""
    if not is_postgres(where):
        return where if "://" not in where or where.startswith(("sqlite:", "file:")) else "(not an address of a ledger)"
    try:
        return address(where).name
    except NotConfigured:
        return "postgresql://… (cannot be used)"


def address(where: str, environ: Mapping[str, str] = os.environ) -> Address:
    """Read the address. Nothing of it is repeated in an error, because a password could be anywhere in it.

    Args:
        where: the URL that the settings name.
        environ: libpq's own variables, which can name a host too.

    Raises:
        NotAllowed: it holds a password, or would send one over a connection that is not proved to be the server's.
        NotConfigured: it cannot be read.
    """
    if not where.isprintable():  # urlsplit would quietly leave out line ends
        raise _unreadable()
    try:
        split = urlsplit(where)
        ports = str(split.port or "")
        secret = split.password
        user, host = unquote(split.username or ""), unquote(split.hostname or "")
        options = dict(parse_qsl(split.query, keep_blank_values=True, strict_parsing=True)) if split.query else {}
    except ValueError:
        raise _unreadable() from None
    if secret is not None or any(name.lower() in _SECRETS for name in options):
        raise NotAllowed("The address of the ledger holds a password, which has no place in settings.", hint=_INSTEAD)
    host, ports = options.pop("host", host), options.pop("port", ports)
    named = {
        "user": options.pop("user", user),
        "host": host,
        "port": ports,
        "dbname": unquote(split.path).removeprefix("/") or options.pop("dbname", ""),
        **options,
    }
    parameters = {name: value for name, value in named.items() if value}
    if split.scheme not in _SCHEMES or split.fragment or not all(_fine(*one) for one in parameters.items()):
        raise _unreadable()
    return Address(_name(parameters), parameters | _protection(parameters, environ))


def _unreadable() -> NotConfigured:
    known = ", ".join(sorted((*_FREE, *_WORDS)))
    return NotConfigured(
        "The address of the ledger in ledger.url cannot be read; it is not repeated here.",
        hint=f"{_FORM} Options are: {known}. A user or database with other characters than A-Z a-z 0-9 _ . $ - cannot be named.",
    )


def _fine(name: str, value: str) -> bool:
    if name == "host":
        return bool(_HOSTS.fullmatch(value) or _FOLDER.fullmatch(value))
    if name == "port":
        return bool(_PORTS.fullmatch(value))
    if name in _FREE:
        return value.isprintable()
    return name in ("user", "dbname", *_WORDS) and bool(_WORD.fullmatch(value.replace("@", "")))


def _name(parameters: Mapping[str, str]) -> str:
    host, port = parameters.get("host", ""), parameters.get("port", "")
    if not host and "service" in parameters:
        host = f"(service {parameters['service']})"
    if host.startswith("/"):
        host = f"({host})"
    elif ":" in host and "," not in host:
        host = f"[{host}]"
    return f"postgresql://{host}{f':{port}' if port else ''}/{parameters.get('dbname', '')}"


def _protection(parameters: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """What is added, so that no password and no record goes to a server that has not proved who it is."""
    hosts = [*parameters.get("host", environ.get("PGHOST", "")).split(","), *environ.get("PGHOSTADDR", "").split(",")]
    service = "service" in parameters or bool(environ.get("PGSERVICE"))
    if all(_on_this_machine(host) for host in hosts) and not service:  # what a service file says is not known here
        return {}
    mode = parameters.get("sslmode") or environ.get("PGSSLMODE") or _PROVED[0]
    authority = parameters.get("sslrootcert") or environ.get("PGSSLROOTCERT")
    if mode not in _PROVED and not (mode == "require" and authority):
        raise NotAllowed(
            f"The ledger is on another machine, and sslmode={mode} does not prove that it is the right one."
            if _WORD.fullmatch(mode)
            else "The ledger is on another machine, and its sslmode does not prove that it is the right one.",
            hint="Use sslmode=verify-full with sslrootcert=/path/ca.pem, or sslrootcert=system for a public authority.",
        )
    # An encryption by Kerberos would otherwise be tried first, and sslmode not be looked at.
    return {"sslmode": mode, "gssencmode": "disable"}


def _on_this_machine(host: str) -> bool:
    if not host or host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
