"""The address of a ledger on PostgreSQL: no password in it, none to a server that has not proved who it is, nothing of it in a message."""

import os

import pytest

from keyward.ledger.address import address, is_postgres, shown
from keyward.model.errors import NotAllowed, NotConfigured
from tests.parts.command import run

PROVED = {"sslmode": "verify-full", "gssencmode": "disable"}


@pytest.mark.parametrize(
    ("where", "name", "parameters"),
    [
        ("postgresql:///kw", "postgresql:///kw", {"dbname": "kw"}),
        ("postgres://me@localhost:5433/kw", "postgresql://localhost:5433/kw", {"user": "me", "host": "localhost"}),
        ("postgresql://me@127.0.0.9/kw?sslmode=disable", "postgresql://127.0.0.9/kw", {"sslmode": "disable"}),
        ("postgresql://[::1]/kw", "postgresql://[::1]/kw", {"host": "::1"}),
        ("postgresql:///kw?host=/run/postgresql", "postgresql://(/run/postgresql)/kw", {"host": "/run/postgresql"}),
        ("postgresql://me@%2Frun%2Fpg/kw", "postgresql://(/run/pg)/kw", {"host": "/run/pg"}),
        ("postgresql://sa%40acme.iam@db/kw", "postgresql://db/kw", {"user": "sa@acme.iam", **PROVED}),
        ("postgresql://db.example/kw", "postgresql://db.example/kw", PROVED),
        ("postgresql://db/kw?sslmode=verify-ca", "postgresql://db/kw", {"sslmode": "verify-ca"}),
        ("postgresql://db/kw?sslmode=require&sslrootcert=/ca.pem", "postgresql://db/kw", {"sslmode": "require"}),
        ("postgresql://a,localhost/kw", "postgresql://a,localhost/kw", PROVED),
        ("postgresql:///kw?service=acme", "postgresql://(service acme)/kw", {"service": "acme", **PROVED}),
        ("postgresql://localhost/kw?service=acme", "postgresql://localhost/kw", PROVED),
    ],
)
def test_what_can_be_used_is_shown_by_host_and_database(where, name, parameters):
    found = address(where, {})
    assert (found.name, shown(where)) == (name, name)
    assert found.parameters.items() >= parameters.items()
    assert ("sslmode" in found.parameters) == ("sslmode" in parameters)
    assert "parameters" not in repr(found)


@pytest.mark.parametrize(
    "where",
    [
        "postgresql://me:{}@db/kw",
        "postgresql://me:{}@localhost/kw",
        "postgresql://:{}@/kw",
        "postgresql://me@db/kw?password={}",
        "postgresql://me@db/kw?PASSWORD={}",
        "postgresql://me@db/kw?sslcert=/c&sslkey=/k&sslpassword={}",
    ],
)
def test_a_password_is_refused_with_where_it_belongs(where):
    with pytest.raises(NotAllowed, match="holds a password") as refused:
        address(where.format("hunter2"), {})
    for place in ("PGPASSFILE", ".pgpass", "PGPASSWORD", "service file", "peer"):
        assert place in refused.value.hint
    assert "hunter2" not in str(refused.value) + shown(where.format("hunter2"))


@pytest.mark.parametrize(
    "where",
    [
        "postgresql://me:hunter/2@db/kw",
        "postgresql://me:12/hunter2@db/kw",
        "postgresql://me:12?hunter2@db/kw",
        "postgresql://me:hunter#2@db/kw",
        "postgresql://me:12#hunter2@db/kw",
        "postgresql://me:[hunter2@db/kw",
        "postgresql:me:hunter2@db/kw",
        "postgresql:/me:hunter2@db/kw",
        "postgresql+psycopg://me:hunter2@db/kw",
        "postgresql+psycopg://me@db/hunter2",
        "POSTGRESQL://me@db/kw?pass=hunter2",
        "postgresql://me@db/kw?hunter2",
        "postgresql://me@db/kw?options=-chunter2",
        "postgresql://me@db/kw\nhunter2",
        "postgresql://me@db/hunter2 user=x",
        " postgresql://me:hunter2@db/kw",
        "postgresql://me@db/kw?sslkey=\nhunter2",
    ],
)
def test_what_cannot_be_read_is_not_repeated(where):
    assert is_postgres(where)
    with pytest.raises(NotConfigured) as refused:
        address(where, {})
    assert "hunter" not in str(refused.value) + shown(where)
    assert refused.value.exit_code == 4
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require"])
def test_another_machine_must_prove_who_it_is(mode):
    for where, environ in (
        (f"postgresql://db/kw?sslmode={mode}", {}),
        ("postgresql://db/kw", {"PGSSLMODE": mode}),
        (f"postgresql:///kw?sslmode={mode}", {"PGHOST": "db"}),
        (f"postgresql://localhost/kw?sslmode={mode}", {"PGHOSTADDR": "10.0.0.1"}),
        (f"postgresql:///kw?service=acme&sslmode={mode}", {}),
        (f"postgresql:///kw?sslmode={mode}", {"PGSERVICE": "acme"}),
    ):
        with pytest.raises(NotAllowed, match=f"sslmode={mode}.*verify-full"):
            address(where, environ)


def test_a_path_is_shown_as_it_is_and_an_address_of_something_else_is_not():
    assert shown("/home/me/ledger.db") == "/home/me/ledger.db"
    assert shown("mysql://me:hunter2@db/kw") == "(not an address of a ledger)"
    assert not is_postgres("/home/me/postgresql/ledger.db")


@pytest.mark.parametrize(
    "command", [["history"], ["status"], ["config", "show"], ["doctor"], ["scan", "."], ["resume"]], ids=" ".join
)
@pytest.mark.parametrize(
    "where", ["postgresql://me:hunter/2@db/kw", "postgresql://me:hunter2@localhost/kw", "mysql://a:hunter2@b/c"]
)
def test_no_command_shows_a_password_in_the_address(tmp_path, command, where):
    config = tmp_path / "keyward.toml"
    config.write_text(f'[ledger]\nurl = "{where}"\n')
    config.chmod(0o600)
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "KEYWARD_HOME": str(tmp_path / "state"),
        "KEYWARD_CONFIG": str(config),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }
    done = run(command, environ, tmp_path)
    assert "hunter" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    if command[0] in ("history", "resume"):
        assert done.returncode == 4, done.stderr
        assert "ledger" in done.stderr
