"""A server on another machine proves who it is, over real TLS; passwords come from where PostgreSQL's own tools look.

The machine is this one, under a name that is not loopback's: libpq asks PGHOSTADDR where `ledger.test` is.
"""

import random
import shutil
import subprocess

import pytest

from keyward.ledger.opening import open_ledger
from keyward.ledger.opening_to_read import open_to_read
from keyward.model.errors import NotAllowed, NotConfigured
from tests.ledger.conftest import WORLD
from tests.parts.need import require
from tests.parts.postgres import running

KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
PASSWORD = random.Random(11).randbytes(12).hex()


def _openssl(folder, *words):
    subprocess.run(["openssl", *words], check=True, capture_output=True, cwd=folder)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A folder with an authority, a certificate of it for `ledger.test`, and another authority."""
    require("openssl")
    folder = tmp_path_factory.mktemp("authority")
    for name in ("ca", "other"):
        _openssl(
            folder,
            "req",
            "-x509",
            *KEY,
            "-days",
            "2",
            "-subj",
            f"/CN={name}",
            "-keyout",
            f"{name}.key",
            "-out",
            f"{name}.pem",
        )
    _openssl(folder, "req", *KEY, "-subj", "/CN=ledger.test", "-keyout", "server.key", "-out", "server.csr")
    (folder / "names").write_text("subjectAltName = DNS:ledger.test\n")
    _openssl(
        folder,
        "x509",
        "-req",
        "-in",
        "server.csr",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        "names",
        "-out",
        "server.pem",
    )
    return folder


@pytest.fixture(scope="module")
def server(authority):
    with running("log_connections=on") as cluster:
        for name in ("server.key", "server.pem"):
            shutil.copy(authority / name, cluster.folder / "data" / name)
            (cluster.folder / "data" / name).chmod(0o600)
            shutil.chown(cluster.folder / "data" / name, cluster.folder.owner())
        cluster.sql(
            "ALTER SYSTEM SET ssl = on",
            "ALTER SYSTEM SET ssl_cert_file = 'server.pem'",
            "ALTER SYSTEM SET ssl_key_file = 'server.key'",
            f"CREATE ROLE kw LOGIN PASSWORD '{PASSWORD}'",
            "CREATE DATABASE kw OWNER kw",
        )
        cluster.control("reload")
        yield cluster


@pytest.fixture
def where(server, monkeypatch, tmp_path):
    """The address without an authority; the password lies in a file of the user."""
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")
    file = tmp_path / "pgpass"
    file.write_text(f"*:*:*:kw:{PASSWORD}\n")
    file.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(file))
    return f"postgresql://kw@ledger.test:{server.port}/kw"


@pytest.mark.parametrize("mode", ["", "&sslmode=verify-full", "&sslmode=verify-ca", "&sslmode=require"])
def test_a_server_that_proves_itself_is_used_over_tls(where, authority, mode):
    ledger = open_ledger(f"{where}?sslrootcert={authority}/ca.pem{mode}", world=WORLD, create=True)
    used = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    assert ledger._database.read(lambda link: link.exec_driver_sql(used).scalar_one()) is True
    ledger.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("?", "?"), "no certificate of the authority.*sslrootcert=system"),
        (("?", "?sslrootcert={}/other.pem"), "did not prove over TLS"),
        (("ledger.test", "elsewhere.test"), "did not prove over TLS"),
    ],
    ids=["no authority", "another authority", "another name"],
)
def test_one_that_does_not_is_told_no_password(where, authority, server, change, words):
    address = f"{where}?".replace(*change).format(authority).removesuffix("?")
    if "elsewhere" in address:
        address += f"?sslrootcert={authority}/ca.pem"
    before = _attempts(server)
    for opening in (lambda: open_ledger(address, world=WORLD), lambda: open_to_read(address)):
        with pytest.raises(NotConfigured, match=words):
            opening()
    assert _attempts(server) == before


def _attempts(server):
    """How often somebody got as far as showing a password, right or wrong."""
    log = (server.folder / "log").read_text()
    return log.count("connection authorized: user=kw") + log.count("password authentication failed")


def test_a_server_without_tls_is_refused(postgres, where, authority, server):
    address = where.replace(str(server.port), str(postgres.port))
    with pytest.raises(NotConfigured, match=r"did not prove over TLS.*ssl = on"):
        open_ledger(f"{address}?sslrootcert={authority}/ca.pem", world=WORLD)


@pytest.mark.parametrize("kept_in", ["PGPASSWORD", "service"])
def test_other_places_for_the_password(where, authority, monkeypatch, tmp_path, kept_in):
    monkeypatch.delenv("PGPASSFILE")
    address = f"{where}?sslrootcert={authority}/ca.pem"
    with pytest.raises(NotAllowed, match=r"did not accept the user or its password.*PGPASSFILE"):
        open_ledger(address, world=WORLD, create=True)
    if kept_in == "PGPASSWORD":
        monkeypatch.setenv("PGPASSWORD", PASSWORD)
    else:
        file = tmp_path / "services"
        file.write_text(
            f"[acme]\nhost=ledger.test\nport={where.rpartition(':')[2].removesuffix('/kw')}\ndbname=kw\nuser=kw\npassword={PASSWORD}\nsslmode=disable\n"
        )
        monkeypatch.setenv("PGSERVICEFILE", str(file))
        address = f"postgresql:///?service=acme&sslrootcert={authority}/ca.pem"
    ledger = open_ledger(address, world=WORLD, create=True)
    used = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    assert ledger._database.read(lambda link: link.exec_driver_sql(used).scalar_one()) is True
    ledger.close()


def test_a_wrong_password_is_told_without_it(where, authority, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", "wrong" + PASSWORD)
    with pytest.raises(NotAllowed, match="did not accept the user or its password") as refused:
        open_ledger(f"{where}?sslrootcert={authority}/ca.pem", world=WORLD, create=True)
    assert PASSWORD not in str(refused.value)
