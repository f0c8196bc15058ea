"""The app without a terminal."""

import contextlib

import pytest

from tests.parts import desk as made


@pytest.fixture
def opened():
    """A function that opens the app on a desk: `async with opened(desk, size=(120, 36)) as (app, pilot)`; everything is loaded then."""

    @contextlib.asynccontextmanager
    async def open_app(desk, *, size=(120, 36), world="emulator:test", write=False, keys=()):
        app = made.app(desk, world=world, write=write, keys=keys)
        async with app.run_test(size=size) as pilot:
            await made.loaded(app, pilot)
            yield app, pilot

    return open_app
