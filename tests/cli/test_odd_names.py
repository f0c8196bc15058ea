"""Keys with odd names and times: every one is listed in every format, and none breaks a screen or a neighbour."""

import csv
import io
import re

import pytest

from keyward.cli.output import Format
from keyward.emulator.apikeys.key import Key
from tests.parts.scene import Scene

ESC, RLO, BOM = "\x1b", "\u202e", "\ufeff"
NAMES = {
    "none": "",
    "equal": "the same",
    "equal too": "the same",
    "right to left": f"مفتاح {RLO}gnp.exe",
    "emoji": "👩‍👩‍👧‍👦 key 🔑" + "e" + "\u0301" * 40,
    "escape": f"{ESC}[2J{ESC}]0;owned\x07red {ESC}[31malert",
    "markup": "[bold red]x[/] [link=file:///etc/passwd]y[/link] [/]",
    "long": "very long " * 1000,
    "lines": "first\r\nsecond\tthird\x85fourth\u2028fifth",
    "formula": '=HYPERLINK("http://x","y")',
    "bom": f"{BOM}\u200bquiet",
}
TIMES = (
    "2026-01-02T03:04:05Z",
    "2026-01-02T03:04:05.123456789Z",
    "2026-01-02T03:04:05.1Z",
    "2026-01-02T03:04:05.000000Z",
)
_hidden = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]")


def _made(time):
    return {} if time is None else {"createTime": time}


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """A scanned world of such keys; gives the scene and their ids by what is odd about them."""
    with Scene(tmp_path_factory.mktemp("odd") / "scene") as scene:
        scene.settings()
        ids = {what: scene.key_id(scene.key(name)) for what, name in NAMES.items()}
        timed = {scene.key(f"made at {time}").uid: time for time in TIMES}
        ids |= {time: f"google-api-keys:acme-prod/{uid}" for uid, time in timed.items()}
        resource = Key.resource
        with pytest.MonkeyPatch.context() as patch:  # what Google writes, and the emulator does not
            patch.setattr(Key, "resource", lambda key, **how: resource(key, **how) | _made(timed.get(key.uid)))
            done = scene.keyward("scan")
        assert done.status == 0, done.err
        yield scene, ids


@pytest.mark.parametrize("form", Format)
def test_every_key_is_listed_in_every_format(odd, form):
    scene, ids = odd
    done = scene.keyward("list", "-o", form.value)
    assert done.status == 0
    assert not _hidden.search(done.out.replace("\r\n", "\n")), "nothing that moves a cursor or turns text round"
    for what, key in ids.items():
        assert key in done.out, what
    if form is Format.JSON:
        names = {one["id"]: one["name"] for one in done.json["keys"]}
        assert len(names) == len(ids)
        assert not names[ids["none"]]
        assert names[ids["markup"]] == NAMES["markup"], "markup is text"
        made = {one["id"]: one["created_at"] for one in done.json["keys"]}
        assert {made[ids[time]] for time in TIMES} == {"2026-01-02T03:04:05Z"}
    if form is Format.CSV:
        rows = list(csv.DictReader(io.StringIO(done.out)))
        assert {row["id"] for row in rows} == set(ids.values())
        assert not any(row["name"].startswith("=") for row in rows)


def test_in_the_table_each_key_has_one_line_and_columns_stay_in_line(odd):
    from rich.cells import cell_len

    scene, ids = odd
    lines = scene.keyward("list").out.splitlines()
    assert len(lines) == len(ids) + 1
    starts = {cell_len(line[: line.index("google-api-keys:")]) for line in lines[1:]}
    assert starts == {cell_len(lines[0][: lines[0].index("  ID") + 2])}
    assert max(starts) < 200, "a name of 10,000 characters does not push the others out of sight"


def test_a_query_finds_each_by_its_id_and_the_equal_ones_by_their_name(odd):
    scene, ids = odd
    assert set(scene.keyward("list", 'name:"the same"', "-o", "ids").out.split()) == {ids["equal"], ids["equal too"]}
    for what, key in ids.items():
        assert scene.keyward("list", f"id:{key}", "-o", "ids").out.split() == [key], what
