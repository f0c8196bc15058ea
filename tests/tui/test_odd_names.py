"""Odd names on the screen: each key has its line, no line is longer or shorter for its neighbour, and the picture shows it."""

import re

import pytest
from rich.cells import cell_len

from keyward.model.text import clean
from tests.cli.test_odd_names import NAMES
from tests.parts.desk import OK, Desk, row, seen, shown


def odd():
    return [
        row(number, name=clean(name), scope="acme-prod", created=None, last_used_status="never")
        for number, name in enumerate(NAMES.values())
    ]


@pytest.mark.parametrize("size", [(160, 36), (60, 20)])
async def test_every_line_is_as_wide_as_the_screen_and_every_key_is_there(opened, size):
    async with opened(Desk(odd(), [OK]), size=size) as (app, pilot):
        await seen(app, pilot, f"{len(NAMES)} keys")
        strips = app.screen._compositor.render_strips()
        assert {strip.cell_length for strip in strips} == {size[0]}
        assert {sum(cell_len(one.text) for one in strip) for strip in strips} == {size[0]}
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown(app))
        assert f"{len(NAMES)} keys" in shown(app)
        for _ in NAMES:  # the pane beside each of them too
            await pilot.press("j")
            await pilot.pause(0.2)
            assert {strip.cell_length for strip in app.screen._compositor.render_strips()} == {size[0]}


async def test_the_columns_of_the_picture_stay_in_line(opened):
    async with opened(Desk(odd(), [OK]), size=(160, 36)) as (app, pilot):
        await seen(app, pilot, f"{len(NAMES)} keys")
        svg = app.export_screenshot(title="keyward")
        at = {match[1] for match in re.finditer(r'x="([\d.]+)"[^>]*>[^<]*acme-prod', svg)}
        assert len(at) == 3, "the filter's hint, the scopes one under the other, and the pane"
        assert "\x1b" not in svg
        assert "owned" in svg, "an escape sequence is a name like any other"
