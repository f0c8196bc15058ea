"""Rules on where keys are kept."""

import stat
import subprocess

import pytest

from keyward.hygiene.rules import BY_ID
from keyward.model.about import Known
from keyward.model.credential import Kind, State
from keyward.model.placement import Role
from keyward.model.secretinfo import VersionState
from keyward.model.source import SourceReport, SourceStatus
from tests.parts.estate import about, estate, judged, key, place, results, secret

DEAD, HOMELESS, SEVERAL, MIXED, PLAIN, OPEN = (BY_ID[f"KW-30{number}"] for number in range(1, 7))


@pytest.mark.parametrize(
    ("state", "words", "commands"),
    [
        (State.RESTORABLE, "deleted", ("keyward restore google-api-keys:acme-prod/one",)),
        (State.DELETED, "deleted", ()),
        (State.DISABLED, "disabled", ("keyward enable google-api-keys:acme-prod/one",)),
        (State.BLOCKED, "blocked by its provider", ()),
        (State.EXPIRED, "expired", ()),
    ],
)
def test_a_dead_key_that_programs_still_read(state, words, commands):
    dead, web = key(state=state), secret()
    (found,) = judged(DEAD, dead, estate(dead, web, place(dead, web)))
    assert (found.result.value, found.evidence) == ("fail", (f"gsm:acme-prod/web holds it, and it is {words}",))
    assert found.fix.commands == commands
    assert results(DEAD, dead, estate(dead, web, place(dead, web, role=Role.ALIAS))) == ["fail"]


def test_what_nobody_reads_any_more_is_no_dead_key_in_a_store():
    dead, web = key(state=State.DELETED), secret(versions=2)
    assert results(DEAD, dead, estate(dead, web, place(dead, web, role=Role.OLD))) == []
    off = place(dead, web, version_state=VersionState.DISABLED)
    assert results(DEAD, dead, estate(dead, web, off)) == []
    assert results(DEAD, key(), estate(key(), web, place(key(), web))) == ["pass"]
    assert results(DEAD, key(state=State.UNKNOWN), estate(web, place(key(), web))) == []


def test_each_place_of_a_dead_key_is_a_finding_of_its_own():
    dead, web, api = key(state=State.DELETED), secret("web"), secret("api")
    world = estate(dead, web, api, place(dead, web), place(dead, api), place(dead, api, part="again"))
    assert [one.about for one in judged(DEAD, dead, world)] == ["gsm:acme-prod/web", "gsm:acme-prod/api"]


def looked(status=SourceStatus.OK, unread=()):
    sources = {"gsm:acme-prod": SourceReport("gsm:acme-prod", status, looked=3, not_looked=7)}
    return {"sources": sources, "unread": frozenset(unread)}


def test_a_key_that_no_store_holds_is_told_only_when_all_were_looked_into():
    alone = key()
    assert results(HOMELESS, alone, estate(alone, **looked())) == ["fail"]
    (found,) = judged(HOMELESS, alone, estate(alone, **looked(unread=("gsm:acme-prod/web", "gsm:acme-prod/api"))))
    said = "the values of 2 secrets, such as gsm:acme-prod/api, were not looked at"
    assert (found.result.value, found.evidence) == ("unknown", (said,))
    (found,) = judged(HOMELESS, alone, estate(alone, **looked(unread=("gsm:acme-prod/web",))))
    assert found.evidence == ("the values of 1 secret, such as gsm:acme-prod/web, were not looked at",)
    (found,) = judged(HOMELESS, alone, estate(alone, **looked(SourceStatus.DENIED)))
    assert (found.result.value, found.evidence) == ("unknown", ("1 sources were not seen, such as gsm:acme-prod",))
    web = secret()
    assert results(HOMELESS, alone, estate(alone, web, place(alone, web), **looked(unread=("x",)))) == ["pass"]
    assert results(HOMELESS, key(state=State.DELETED), estate(**looked())) == []
    assert results(HOMELESS, key(kind=Kind.BY_SHAPE), estate(**looked())) == []


def test_a_place_on_another_host_is_a_place():
    alone = key()
    assert results(HOMELESS, alone, estate(alone, elsewhere=frozenset({alone.id}), **looked())) == ["pass"]
    assert results(HOMELESS, alone, estate(alone, elsewhere=frozenset({key("two").id}), **looked())) == ["fail"]


def test_a_key_in_two_places_is_one_too_many():
    one, web, api = key(), secret("web"), secret("api")
    assert results(SEVERAL, one, estate(one)) == []
    assert results(SEVERAL, one, estate(one, web, place(one, web), place(one, web, part="again"))) == ["pass"]
    world = estate(one, web, api, place(one, web), place(one, api))
    (found,) = judged(SEVERAL, one, world)
    assert found.evidence == ("2 places hold it: gsm:acme-prod/web, gsm:acme-prod/api",)
    assert results(SEVERAL, one, world, 2) == ["pass"]


def test_a_key_that_crosses_environments():
    one, here, there = key(), secret("web"), secret("web", project="acme-stg")
    parts = (one, here, there, place(one, here), place(one, there))
    both = {"acme-prod": "prod", "acme-stg": "stg"}
    (found,) = judged(MIXED, one, estate(*parts, environments=both))
    assert found.evidence == ("it is used in prod and stg: acme-prod, acme-stg",)
    assert results(MIXED, one, estate(*parts, environments={**both, "acme-stg": "prod"})) == ["pass"]
    (found,) = judged(MIXED, one, estate(*parts, environments={"acme-prod": "prod"}))
    assert (found.result.value, found.evidence) == ("unknown", ("the environment of acme-stg is not known",))
    assert results(MIXED, one, estate(one, here, place(one, here))) == ["pass"], "one project is one environment"
    assert results(MIXED, one, estate(one)) == []


def test_a_file_of_a_laptop_has_no_environment():
    one, file = key(), secret("/home/ana/.env", project="/home/ana", store="env", plaintext=True)
    world = estate(one, file, place(one, file, host="laptop"), environments={"acme-prod": "prod"})
    assert results(MIXED, one, world) == []


def test_a_key_by_shape_has_no_project_of_its_own():
    one, here, there = key(provider="shape", project="openai"), secret("web"), secret("web", project="acme-dev")
    places = (place(one, here), place(one, there))
    both = {"acme-prod": "prod", "acme-dev": "prod"}
    assert results(MIXED, one, estate(one, here, there, *places, environments=both, projects=tuple(both))) == ["pass"]


def test_a_live_key_in_a_file_is_in_plain_text():
    live, dead = key("live"), key("dead", state=State.DELETED)
    file = secret("/home/ana/.env", store="env", plaintext=True)
    (found,) = judged(PLAIN, file, estate(live, dead, file, place(live, file, part="A"), place(dead, file, part="B")))
    assert found.evidence == ("a file without encryption holds 1 live key: google-api-keys:acme-prod/live",)
    assert results(PLAIN, file, estate(dead, file, place(dead, file))) == []
    web = secret()
    assert results(PLAIN, web, estate(live, web, place(live, web))) == ["pass"]
    assert results(PLAIN, file, estate(live, file, place(live, file, role=Role.OLD))) == []


def file(open_to, path="/home/ana/.env"):
    return secret(path, project="/home/ana", store="env", plaintext=True, open_to=open_to)


def test_a_live_key_in_a_file_that_others_may_read():
    live, dead = key("live"), key("dead", state=State.DELETED)
    shared = file("everybody on this machine (mode 0644)", "/home/ana/my app/.env")
    (found,) = judged(OPEN, shared, estate(live, shared, place(live, shared)))
    said = "everybody on this machine (mode 0644) may read it, and it holds 1 live key: google-api-keys:acme-prod/live"
    assert (found.result.value, found.evidence) == ("fail", (said,))
    assert found.fix.commands == ("chmod go-rwx '/home/ana/my app/.env'",)
    both = estate(live, key("two"), shared, place(live, shared), place(key("two"), shared, part="B"))
    assert "holds 2 live keys: " in judged(OPEN, shared, both)[0].evidence[0]
    assert results(OPEN, shared, estate(dead, shared, place(dead, shared))) == ["pass"]
    closed = file("")
    assert results(OPEN, closed, estate(live, closed, place(live, closed))) == ["pass"]


def test_who_may_read_a_file_or_what_is_in_it_may_be_unknown():
    live, dark, shared, closed = key(), file(None), file("everybody on this machine (mode 0644)"), file("")
    (found,) = judged(OPEN, dark, estate(live, dark, place(live, dark)))
    assert (found.result.value, found.evidence) == ("unknown", ("who may read its file could not be told",))
    (found,) = judged(OPEN, shared, estate(shared, unread=frozenset({str(shared.ref)})))
    assert (found.result.value, found.fix.commands) == ("unknown", ("keyward scan",))
    assert results(OPEN, closed, estate(closed, unread=frozenset({str(closed.ref)}))) == ["pass"], "nobody reads it"
    assert results(OPEN, dark, estate(dark)) == ["pass"], "it was read, and no key is in it"


def test_what_is_no_file_or_holds_nothing_is_not_open():
    live, web = key(), secret()
    assert results(OPEN, web, estate(live, web, place(live, web))) == []
    empty = secret("/home/ana/.env", store="env", plaintext=True, versions=0, open_to="everybody")
    assert results(OPEN, empty, estate(empty)) == []
    ring = secret(store="keyring", plaintext=True, open_to="everybody on this machine (mode 0644)")
    assert judged(OPEN, ring, estate(live, ring, place(live, ring)))[0].fix.commands == (), "it has no path to close"


def test_the_line_that_closes_a_file_does_nothing_to_a_terminal_and_means_that_file(tmp_path):
    odd = tmp_path / "it's\x1b[2J\n\u202e \\x.env"
    odd.write_text("")
    odd.chmod(0o664)
    live, shared = key(), file("everybody on this machine (mode 0664)", str(odd))
    (line,) = judged(OPEN, shared, estate(live, shared, place(live, shared)))[0].fix.commands
    assert line.isprintable()
    subprocess.run(["bash", "-c", line], check=True)
    assert stat.S_IMODE(odd.stat().st_mode) == 0o600


def test_the_facts_of_this_module_have_no_denied_pass():
    denied = about("project:acme-prod", "labels", status=Known.DENIED)
    one, here, there = key(), secret("web"), secret("web", project="acme-stg")
    world = estate(one, here, there, place(one, here), place(one, there), denied)
    assert results(MIXED, one, world) == ["unknown"]
