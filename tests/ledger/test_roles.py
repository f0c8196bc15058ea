"""The statements of docs/ledger.md give a writer and a reader what they need, and nothing more."""

import re
from pathlib import Path

import psycopg
import pytest

from keyward.ledger.opening import open_ledger
from keyward.ledger.opening_to_read import open_to_read
from keyward.ledger.records import AttestationRow, ProbeRow, RiskRow, TargetRow
from keyward.model.errors import NotAllowed
from tests.ledger.conftest import CHAIN_KEY, NOW, WORLD, event, later, placement, rotation

PAGE = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text()
ROLES = ("keyward_owner", "keyward_writer", "keyward_reader")


def statements(mark):
    """The statements of the block behind that mark."""
    block = re.search(rf"<!-- {mark} -->\n```sql\n(.*?)```", PAGE, re.DOTALL)[1]
    return [line.strip() for line in re.sub(r"--.*", "", block).split(";") if line.strip()]


@pytest.fixture(scope="module")
def database(postgres):
    with postgres.database() as name:
        postgres.sql(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC", f"GRANT CONNECT ON DATABASE {name} TO PUBLIC")
        postgres.sql(*[line.replace("DATABASE keyward", f"DATABASE {name}") for line in statements("owner")])
        try:
            yield name
        finally:
            postgres.sql(f"DROP OWNED BY {', '.join(ROLES)} CASCADE", database=name)
            postgres.sql(f"DROP ROLE {', '.join(ROLES)}")


@pytest.fixture
def where(postgres, database):
    postgres.sql("DROP SCHEMA IF EXISTS keyward CASCADE", database=database)
    return {name.removeprefix("keyward_"): postgres.url(database, name) for name in ROLES}


@pytest.fixture
def made(postgres, database, where):
    """A ledger that its owner has made, and whose rights were given."""
    ledger = open_ledger(where["owner"], world=WORLD, chain_key=CHAIN_KEY, create=True)
    ledger.append([event("made")])
    ledger.close()
    postgres.sql(*statements("grants"), database=database, user="keyward_owner")
    return where


def test_a_writer_does_everything_that_a_ledger_does(made):
    ledger = open_ledger(made["writer"], world=WORLD, chain_key=CHAIN_KEY, create=True)
    row = rotation()
    lease = ledger.open_rotation(row, [event("begun", row.id)], lease_seconds=60, owner="one")
    ledger.renew(lease, 60)
    ledger.commit(lease, row, [event("step")], placements=[placement()])
    ledger.release(lease)
    ledger.accept([TargetRow("env:/x#y", "me", NOW, "asked")])
    for day in (0, 1):
        ledger.see("gsm:acme", "", [placement()], later(days=day), complete=True)
        ledger.accept_risk(RiskRow("KW-1", "a:b/c", "me", "soon", NOW, later(days=30 + day)))
    ledger.probe(ProbeRow("k", NOW, "works", "200", "r"))
    ledger.attest(AttestationRow("gemini", "g-1", "project:p", "me", "it is so", NOW, later(days=90)))
    ledger.set_meta("paused", "yes")
    ledger.set_meta("paused", None)
    assert ledger.claim_meta({"a": "1"})
    assert ledger.verify_chain() == (7, None)
    ledger.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE keyward.event SET actor = 'other'",
        "DELETE FROM keyward.event",
        "TRUNCATE keyward.event",
        "DROP TABLE keyward.event",
        "DROP SCHEMA keyward CASCADE",
        "ALTER TABLE keyward.event DISABLE TRIGGER ALL",
        "DROP TRIGGER event_never_update ON keyward.event",
        "CREATE OR REPLACE FUNCTION keyward.event_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
        "SET session_replication_role = replica",
        "DELETE FROM keyward.rotation",
        "DELETE FROM keyward.target",
        "CREATE TABLE keyward.mine (x int)",
    ],
)
@pytest.mark.parametrize("role", ["writer", "reader"])
def test_neither_writer_nor_reader_can_touch_what_is_on_record(made, postgres, database, role, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        postgres.sql(statement, database=database, user=f"keyward_{role}")


def test_even_the_owner_is_refused_by_the_database(made, postgres, database):
    for statement in (
        "UPDATE keyward.event SET actor = 'other'",
        "DELETE FROM keyward.event",
        "TRUNCATE keyward.event",
    ):
        with pytest.raises(psycopg.IntegrityError, match="only grows"):
            postgres.sql(statement, database=database, user="keyward_owner")


def test_a_reader_reads_and_writes_nothing(made):
    with open_to_read(made["reader"], world=WORLD) as found:
        assert ([line.kind for line in found.events()], found.rotations(), found.targets()) == (["made"], [], {})
    ledger = open_ledger(made["reader"], world=WORLD, chain_key=CHAIN_KEY)
    for write in (
        lambda: ledger.append([event()]),
        lambda: ledger.acquire("x", "one", 60),
        lambda: ledger.set_meta("paused", "yes"),
        lambda: ledger.open_rotation(rotation(), [event()], lease_seconds=60, owner="one"),
        lambda: ledger.probe(ProbeRow("k", NOW, "works", "200", "r")),
        lambda: ledger.see("gsm:acme", "", [placement()], NOW, complete=True),
    ):
        with pytest.raises(NotAllowed, match=r"may not do that.*docs/ledger.md") as refused:
            write()
        assert refused.value.exit_code == 4
    ledger.close()


def test_who_has_no_rights_is_told_which_page_has_them(where):
    open_ledger(where["owner"], world=WORLD, create=True).close()
    for opening in (
        lambda: open_ledger(where["writer"], world=WORLD, create=True),
        lambda: open_to_read(where["reader"]),
    ):
        with pytest.raises(NotAllowed, match=r"may not do that.*docs/ledger.md"):
            opening()


def test_only_who_may_makes_a_ledger(where, postgres, database):
    with pytest.raises(NotAllowed, match=r"may not make one.*docs/ledger.md"):
        open_ledger(where["writer"], world=WORLD, create=True)
    assert postgres.sql("SELECT to_regnamespace('keyward')", database=database) == [(None,)]


def test_an_older_ledger_is_upgraded_by_its_owner_only(made, postgres, database):
    older = (
        "DROP TABLE keyward.attestation, keyward.accepted_risk",
        "UPDATE keyward.meta SET value = '1' WHERE name = 'schema'",
    )
    postgres.sql(*older, "UPDATE keyward.alembic_version SET version_num = '0001'", database=database)
    with pytest.raises(
        NotAllowed, match=r"is of version 1, this keyward needs \d+, .* may not change its tables.*owner"
    ):
        open_ledger(made["writer"], world=WORLD)
    with open_to_read(made["reader"]) as found:  # reading goes on
        assert not found.current
    open_ledger(made["owner"], world=WORLD).close()
    postgres.sql(*statements("grants"), database=database, user="keyward_owner")
    ledger = open_ledger(made["writer"], world=WORLD, chain_key=CHAIN_KEY)
    assert (ledger.risks(), ledger.verify_chain()) == ([], (1, None))
    ledger.close()
