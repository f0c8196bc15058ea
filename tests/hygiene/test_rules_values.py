"""Rules on what is written where a key belongs."""

from dataclasses import replace

import pytest

from keyward.hygiene.rules import BY_ID
from keyward.model.credential import Kind, State
from keyward.model.ids import PlacementRef, SecretRef
from keyward.model.secretinfo import Version, VersionState
from keyward.model.trait import Noted, Trait, Twins
from tests.parts.estate import estate, judged, key, place, results, secret

BLANKS, TWINS, FABRICATED, ADDRESS = (BY_ID[f"KW-3{number:02}"] for number in (7, 8, 9, 10))
ALL = (BLANKS, TWINS, FABRICATED, ADDRESS)
PLAIN = secret("/home/ana/.env", store="env", project="/home/ana", plaintext=True)
OFF = Version("1", VersionState.DISABLED)


def noted(info, *traits, part="", kind="google-api-key", version=None):
    """What was seen at a part of that secret."""
    at = PlacementRef(info.ref, version or info.current, part)
    return {"noted": {str(info.ref): (Noted(at, kind, frozenset(traits)),)}}


def twins(*places, known=False):
    """One value in these places, (secret, part)."""
    found = Twins(tuple(PlacementRef(info.ref, info.current, part) for info, part in places), known)
    return {"twins": {str(info.ref): (found,) for info, _ in places}}


@pytest.mark.parametrize("rule", ALL)
def test_a_value_that_was_not_read_is_not_known(rule):
    web = secret()
    (found,) = judged(rule, web, estate(web, unread=frozenset({str(web.ref)})))
    assert (found.result.value, found.evidence) == ("unknown", ("its value was not read",))
    assert found.fix.commands == ("keyward scan --values all",)
    assert results(rule, web, estate(web, unread=frozenset({"gsm:acme-prod/other"}))) == ["pass"]


@pytest.mark.parametrize("rule", ALL)
def test_a_secret_that_gives_nobody_anything_is_not_judged(rule):
    for info in (secret(versions=0), replace(secret(), versions=(OFF,))):
        assert results(rule, info, estate(info, unread=frozenset({str(info.ref)}))) == []


def test_white_space_around_a_key():
    live, web = key(), secret()
    world = estate(live, web, place(live, web), **noted(web, Trait.BLANKS))
    (found,) = judged(BLANKS, web, world)
    assert found.result.value == "fail"
    read = "gcloud secrets versions access 1 --secret=web --project=acme-prod"
    write = "gcloud secrets versions add web --project=acme-prod --data-file=-"
    assert found.fix.commands == (f'(v=$({read} | tr -d \'[:space:]\'); [ -n "$v" ] && printf %s "$v" | {write})',)
    assert results(BLANKS, web, estate(live, web, place(live, web), **noted(web, Trait.UNFIT))) == ["pass"]
    assert results(BLANKS, web, estate(live, web, place(live, web))) == ["pass"]
    dead = key(state=State.DELETED)
    assert results(BLANKS, web, estate(dead, web, place(dead, web), **noted(web, Trait.BLANKS))) == ["pass"]
    assert results(BLANKS, web, estate(live, web, **noted(web, Trait.BLANKS))) == ["pass"], "no key is there"
    elsewhere = place(live, web, part="A")
    assert results(BLANKS, web, estate(live, web, elsewhere, **noted(web, Trait.BLANKS))) == ["pass"]


def test_white_space_in_a_version_that_an_alias_names():
    live, web = key(), secret(versions=3, aliases={"pinned": "2"})
    held = place(live, web, version="2")
    (found,) = judged(BLANKS, web, estate(live, web, held, **noted(web, Trait.BLANKS, version="2")))
    assert found.about == "version 2"
    assert "Then point the alias pinned at the new version." in found.fix.text
    assert "versions access 2 " in found.fix.commands[0]
    old = place(live, web, version="1")
    assert results(BLANKS, web, estate(live, web, old, **noted(web, Trait.BLANKS, version="1"))) == ["pass"]
    named = secret(aliases={"live": "1"})
    (found,) = judged(BLANKS, named, estate(live, named, place(live, named), **noted(named, Trait.BLANKS)))
    assert "alias" not in found.fix.text, "the newest version is the one that is written again"


def test_a_line_end_in_a_file_ends_a_line():
    live = key()
    assert results(BLANKS, PLAIN, estate(live, PLAIN, place(live, PLAIN), **noted(PLAIN, Trait.BLANKS))) == []


def test_white_space_in_a_region_in_the_keyring_and_elsewhere():
    def commands(ref):
        info = replace(secret(), ref=ref)
        (found,) = judged(BLANKS, info, estate(live, info, place(live, info), **noted(info, Trait.BLANKS)))
        return found.fix.commands

    live = key()
    (line,) = commands(SecretRef("gsm", ("acme-prod", "europe-west3", "web"), "acme-prod@europe-west3"))
    assert line.count("--project=acme-prod --location=europe-west3") == 2
    (line,) = commands(SecretRef("keyring", ("my app", "ana")))
    assert line.startswith("(v=$(keyring get 'my app' ana | ")
    assert line.endswith("| keyring set 'my app' ana)")
    assert commands(SecretRef("vault", ("kv", "web"))) == ()


def test_one_value_under_two_names_of_one_secret():
    live, web = key(), secret()
    (found,) = judged(TWINS, web, estate(live, web, **twins((web, "A"), (web, "B"), known=True)))
    assert found.evidence == ("2 places hold the same value: gsm:acme-prod/web#A, gsm:acme-prod/web#B",)
    assert found.about == "A"
    again = twins((web, "A"), (web, "A~.2"))
    assert results(TWINS, web, estate(web, **again)) == ["pass"], "the same name twice is one name"


def test_a_value_that_is_no_key_in_two_secrets_is_told_once():
    api, web = secret("api"), secret("web")
    world = estate(api, web, **twins((web, ""), (api, "")))
    (found,) = judged(TWINS, api, world)
    assert found.evidence == ("2 places hold the same value: gsm:acme-prod/api, gsm:acme-prod/web",)
    assert results(TWINS, web, world) == [], "it is told at the first, and no pass here"


@pytest.mark.parametrize(
    "name", ["TENANT_ID", "tenantId", "ID", "/auth/client-id", "GIT_SHA", "BUILD_HASH", "PUBLIC_KEY", "app.uuid"]
)
def test_what_is_called_an_id_is_no_secret(name):
    api, web = secret("api"), secret("web")
    assert results(TWINS, api, estate(api, web, **twins((api, "OTHER"), (web, name)))) == ["pass"]
    live = key()
    known = twins((api, "OTHER"), (api, name), known=True)
    assert results(TWINS, api, estate(api, live, **known)) == ["fail"], "a key is one whatever it is called"


@pytest.mark.parametrize("name", ["VALID", "SESSION_SECRET", "signingKey", "PAID"])
def test_what_only_ends_like_an_id_is_told(name):
    api, web = secret("api"), secret("web")
    assert results(TWINS, api, estate(api, web, **twins((api, "OTHER"), (web, name)))) == ["fail"]


def test_a_variable_that_files_repeat_has_one_name():
    other = secret("/home/ana/other/.env", store="env", project="/home/ana", plaintext=True)
    world = estate(PLAIN, other, **twins((PLAIN, "SESSION"), (other, "SESSION")))
    assert [results(TWINS, one, world) for one in (PLAIN, other)] == [["pass"], ["pass"]]
    world = estate(PLAIN, other, **twins((PLAIN, "SESSION"), (other, "SIGNED_WITH")))
    assert [results(TWINS, one, world) for one in (PLAIN, other)] == [["fail"], []]
    api, web = secret("api"), secret("web")
    assert results(TWINS, api, estate(api, web, **twins((api, "SESSION"), (web, "SESSION")))) == ["fail"]


def test_a_key_in_two_secrets_is_left_to_the_rule_on_places():
    live, api, web = key(), secret("api"), secret("web")
    world = estate(live, api, web, place(live, api), place(live, web), **twins((web, ""), (api, ""), known=True))
    assert [results(TWINS, one, world) for one in (api, web)] == [["pass"], ["pass"]]
    assert results(BY_ID["KW-303"], live, world) == ["fail"]


def test_a_place_that_gives_nobody_anything_is_no_twin():
    api, web = secret("api"), secret("web")
    off = replace(web, versions=(OFF,))
    assert results(TWINS, api, estate(api, off, **twins((web, ""), (api, "")))) == ["pass"]
    assert results(TWINS, api, estate(api, **twins((web, ""), (api, "")))) == ["pass"], "it is gone"


def test_a_value_whose_checksum_does_not_fit():
    made, web = key(provider="shape", project="github", kind=Kind.BY_SHAPE, state=State.UNKNOWN), secret()
    seen = noted(web, Trait.UNFIT, part="TOKEN", kind="github")
    (found,) = judged(FABRICATED, web, estate(made, web, place(made, web, part="TOKEN"), **seen))
    assert "#TOKEN has the shape of a GitHub token" in found.evidence[0]
    assert "looks fabricated" in found.evidence[0]
    assert found.fix.commands == ("keyward swap shape:github/one",)
    assert found.about == "TOKEN"
    listed = key()
    world = estate(listed, web, place(listed, web, part="TOKEN"), **seen)
    assert results(FABRICATED, web, world) == ["pass"], "its provider lists it, so it was issued"
    (found,) = judged(FABRICATED, web, estate(web, **seen))
    assert found.fix.commands == ()


def test_what_only_stands_for_a_key():
    web = secret()
    (found,) = judged(FABRICATED, web, estate(web, **noted(web, Trait.MADE_UP, kind="")))
    assert found.evidence == ("what it holds only stands for a key",)
    assert results(FABRICATED, web, estate(web, **noted(web, Trait.BLANKS))) == ["pass"]
    template = secret("/home/ana/.env.example", store="env", plaintext=True, labels={"template": "yes"})
    assert results(FABRICATED, template, estate(template, **noted(template, Trait.MADE_UP, kind=""))) == []
    older = secret(versions=2)
    assert results(FABRICATED, older, estate(older, **noted(older, Trait.MADE_UP, version="1"))) == ["pass"]


def test_a_key_in_the_query_of_an_address():
    live, web = key(), secret()
    seen = noted(web, Trait.IN_QUERY, part="URL~@1")
    (found,) = judged(ADDRESS, web, estate(live, web, place(live, web, part="URL~@1"), **seen))
    assert found.evidence == ("google-api-keys:acme-prod/one stands in the query of an address in #URL~@1",)
    dead = key(state=State.DELETED)
    assert results(ADDRESS, web, estate(dead, web, place(dead, web, part="URL~@1"), **seen)) == ["pass"]
    other = noted(web, Trait.BLANKS, part="URL~@1")
    assert results(ADDRESS, web, estate(live, web, place(live, web, part="URL~@1"), **other)) == ["pass"]
    assert results(ADDRESS, web, estate(web, **seen)) == ["pass"]
