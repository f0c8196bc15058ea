"""The ledger on PostgreSQL can only be read: the role has a reader's rights, or the server was set to read only; from the start, or from
some point of a rotation on.

As for a file (`test_read_only_ledger.py`): nothing at the provider that is not on record, words that say what to do, and an end once it can be
written again. Some points in each run, `-m slow` for all.
"""

import contextlib
import json

import pytest

from tests.cli.conftest import changes_in
from tests.crash.stage import nothing
from tests.crash.test_read_only_ledger import NOW, SHARES, ApiKey, _made, told
from tests.ledger.test_roles import ROLES, statements

pytestmark = [pytest.mark.crash, pytest.mark.timeout(1200)]

WRITER = "keyward_writer"
SHUT = "ALTER SYSTEM SET default_transaction_read_only = on"
OPEN = "ALTER SYSTEM RESET default_transaction_read_only"


class Shared(ApiKey):
    """An API key whose ledger is on PostgreSQL, made by its owner and used by a writer; `shut` and `open` say who may write."""

    def __init__(self, zygote, folder, postgres, database, how):
        self.postgres, self.database, self.how = postgres, database, how
        super().__init__(zygote, folder, f'[ledger]\nurl = "{postgres.url(database, "keyward_owner")}"\n')
        self.grants()
        self.scene.settings(f'[ledger]\nurl = "{postgres.url(database, WRITER)}"\n')

    def grants(self):
        self.postgres.sql(*statements("grants"), database=self.database, user="keyward_owner")

    def shut(self):
        if self.how == "server":
            self._settled(SHUT, "on")
            return
        tables = "ALL TABLES IN SCHEMA keyward"
        taken = (f"REVOKE ALL ON {tables} FROM {WRITER}", f"GRANT SELECT ON {tables} TO {WRITER}")
        self.postgres.sql(*taken, database=self.database, user="keyward_owner")

    def open(self):
        if self.how == "server":
            self._settled(OPEN, "off")
        else:
            self.grants()

    def _settled(self, statement, wanted):
        self.postgres.sql(statement, "SELECT pg_reload_conf()")
        for _ in range(100):
            if self.postgres.sql("SHOW default_transaction_read_only") == [(wanted,)]:
                return
        pytest.fail("the server does not take its new settings")

    def lines(self):
        """The lines of the trail about rotations, oldest first: (kind, step)."""
        asked = "SELECT kind, step FROM keyward.event WHERE rotation != '' ORDER BY seq"
        return self.postgres.sql(asked, database=self.database)


@contextlib.contextmanager
def _story(postgres, zygote, folder, how):
    with postgres.database() as name:
        postgres.sql(*[line.replace("DATABASE keyward", f"DATABASE {name}") for line in statements("owner")])
        try:
            with contextlib.closing(Shared(zygote, folder, postgres, name, how)) as story:
                yield story
        finally:
            postgres.sql(OPEN, "SELECT pg_reload_conf()")
            postgres.sql(
                "SET default_transaction_read_only = off", f"DROP OWNED BY {', '.join(ROLES)} CASCADE", database=name
            )
            postgres.sql("SET default_transaction_read_only = off", f"DROP ROLE {', '.join(ROLES)}")


def _finish(story):
    """Go on until nothing is left; the world's clock is so fast that a lease seems to end while the judge looks: then the next run goes on."""
    for _ in range(12):
        story.scene.world.clock.advance(2400)
        done = story.run("resume")
        assert done.status in (0, 5), done.out + done.err
        if nothing(done):
            break
    if story.untouched():
        assert story.run("rotate", story.id, *NOW).status in (0, 5)
        _finish(story)
        return
    story.check_end()


@pytest.mark.parametrize("how", ["role", "server"])
def test_read_only_before_it_begins(postgres, zygote, tmp_path, how):
    with _story(postgres, zygote, tmp_path / "home", how) as story:
        seen = len(story.scene.log())
        story.shut()
        told(story.run("rotate", story.id, *NOW), story.database)
        assert changes_in(story.scene.log()[seen:]) == []
        assert story.untouched()
        shown = story.run("status")
        assert shown.status == 0, shown.err
        story.open()
        _finish(story)


def _shut_at(postgres, zygote, folder, how, at):
    with _story(postgres, zygote, folder, how) as story:
        seen = []

        def shut():
            story.shut()
            seen.append(len(story.scene.log()))

        run = story.run("rotate", story.id, *NOW, at=at, do=shut)
        assert seen, "it ended before that point"
        changed = changes_in(story.scene.log()[seen[0] :])
        if run.status:
            told(run, story.database)
        lines = story.lines()
        if changed:
            assert lines[-1][0] == "intent", (at, lines[-3:], changed)
            assert len(changed) == 1, "more than what one line announced"
        story.open()
        _finish(story)
        told_of = json.loads(story.run("history", "-o", "json").out)["rotations"]
        assert len(told_of) == 1
        return bool(run.status)


def _points(postgres, zygote, folder, how):
    with _story(postgres, zygote, folder, how) as story:
        done = story.run("rotate", story.id, *NOW)
        assert done.status in (0, 5), done.err
        return len(done.points)


@pytest.mark.parametrize("how", ["role", "server"])
def test_shut_at_some_points(postgres, zygote, tmp_path, how):
    points = _points(postgres, zygote, tmp_path / "whole", how)
    failed = [
        _shut_at(postgres, zygote, _made(tmp_path / str(share)), how, int(points * share)) for share in SHARES[1:3]
    ]
    assert any(failed), "it was shut and nobody noticed"


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("how", ["role", "server"])
def test_shut_at_every_point(postgres, zygote, tmp_path, how, record_property):
    points = _points(postgres, zygote, tmp_path / "whole", how)
    failed = sum(_shut_at(postgres, zygote, _made(tmp_path / str(at)), how, at) for at in range(1, points + 1, 2))
    record_property(f"shared ledger shut, by {how}", failed)
    assert failed > points // 4
