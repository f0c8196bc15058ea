"""A desk with made-up columns behind the app: for what the app does with rows, states and refusals, at any number of rows."""

import asyncio
import random
from dataclasses import fields
from datetime import UTC, datetime
from types import SimpleNamespace

from keyward.desk.gaps import Gaps
from keyward.model.query_rows import Columns, QueryRow
from keyward.model.source import SourceReport, SourceStatus
from keyward.tui.feed import Seat

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DAY = 86_400.0


def row(number, **changed):
    """One made-up key."""
    made = random.Random(number)
    project = f"acme-{('prod', 'data', 'dev', 'stg')[number % 4]}"
    one = {
        "id": f"google-api-keys:{project}/{number:08x}-0000-4000-8000-000000000000",
        "name": f"{made.choice(('maps', 'billing', 'etl', 'checkout', 'search'))}-{number}",
        "provider": "google-api-keys",
        "scope": project,
        "kind": "api-key",
        "state": "active",
        "created": NOW.timestamp() - (number % 700) * DAY,
        "first_seen": NOW.timestamp() - DAY,
        "last_used_status": ("used", "never", "not_seen", "denied")[number % 4],
        "last_used_at": NOW.timestamp() - number % 9000 * 60 if number % 4 == 0 else None,
        "last_used_window": 42,
        "stores": ("gsm",),
        "secrets": (f"gsm:{project}/secret-{number}",),
        "places": 1 + number % 3,
        "restrictions": (),
        "source_status": "ok",
    }
    one.update(changed)
    one.setdefault("haystack", " ".join((one["id"], one["name"], one["scope"], one["kind"])).casefold())
    return QueryRow(**one)


def columns(rows):
    """Rows as columns."""
    return Columns(**{field.name: [getattr(one, field.name) for one in rows] for field in fields(QueryRow)})


class Cache:
    """What `Desk.cache` gives, made up."""

    def __init__(self, rows, sources=(), scanned_at=NOW):
        self._rows, self._sources, self.scanned_at = rows, list(sources), scanned_at

    def chunks(self, first=200, more=4_000):
        at, size = 0, first
        while at < len(self._rows):
            yield columns(self._rows[at : at + size])
            at, size = at + size, more

    def columns(self, keys):
        known = {one.id: one for one in self._rows}
        return columns([known[key] for key in keys if key in known])

    def sources(self):
        return self._sources

    def close(self):
        """Nothing is open."""


class Desk:
    """A desk that answers what it was given, by the name of the method; a function given is called, an exception given is raised."""

    def __init__(self, rows=(), sources=(), scanned_at=NOW, **answers):
        self._cache = Cache(list(rows), sources, scanned_at)
        self._answers = answers
        self.asked = []
        self.keys = self.values = self.rotating = self.record = self.health = self.setup = self.hygiene = (
            self.checklists
        ) = self

    def cache(self):
        return self._cache

    def blind(self):
        return ("Cannot be listed: OAuth clients.",)

    def gaps(self):
        return Gaps((), NOW)

    def judge_data(self):
        """Nothing is known otherwise, unless a test says so."""
        return self._answers.get("judge_data", ())

    def judged(self):
        """The keys were judged at the last scan, unless a test says otherwise."""
        answer = self._answers.get("judged", (NOW.timestamp(), ""))
        return answer() if callable(answer) else answer

    def check_trail(self, _stop=None):
        """The audit trail is whole, unless a test says otherwise."""
        answer = self._answers.get("check_trail", SimpleNamespace(fine=True, lines=3, misfit=None))
        if isinstance(answer, BaseException):
            raise answer
        return answer() if callable(answer) else answer

    def __getattr__(self, name):
        if name.startswith("_") or name not in self._answers:
            raise AttributeError(name)

        def method(*args, **kwargs):
            self.asked.append((name, args, kwargs))
            answer = self._answers[name]
            if isinstance(answer, BaseException):
                raise answer
            return answer(*args, **kwargs) if callable(answer) else answer

        return method


def parts(world="emulator:test", now=NOW, keys=(), motion=True):
    """Parts of which only world, clock and some settings are used."""
    return SimpleNamespace(
        world=world,
        emulated=world.startswith("emulator:"),
        clock=SimpleNamespace(now=lambda: now),
        settings=SimpleNamespace(
            production=SimpleNamespace(match="project:*-prod"),
            keys=tuple(keys),
            display=SimpleNamespace(motion=motion),
        ),
    )


def app(desk, *, world="emulator:test", write=False, keys=()):
    """The app on this desk."""
    from keyward.tui.app import KeywardApp

    return KeywardApp(lambda cancel: Seat(parts(world, keys=keys), desk), write=write)


OK = SourceReport("google-api-keys:acme-prod", SourceStatus.OK, items=3, at=NOW)
DENIED = SourceReport(
    "google-api-keys:acme-secret",
    SourceStatus.DENIED,
    detail="Permission denied",
    permission="apikeys.keys.list",
    at=NOW,
)
DISABLED = SourceReport("google-api-keys:acme-old", SourceStatus.DISABLED, api="apikeys.googleapis.com", at=NOW)


async def loaded(app, pilot):
    """Wait until every thread has answered and the answers are on the screen."""
    for _ in range(3):
        await app.workers.wait_for_complete()
        await pilot.pause()


async def seen(app, pilot, *words, patience=20.0):
    """Wait until all of these stand on the screen; gives the screen."""
    async with asyncio.timeout(patience):
        while not all(word in shown(app) for word in words):
            await pilot.pause(0.02)
    return shown(app)


def shown(app):
    """What the screen shows, line by line."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)
