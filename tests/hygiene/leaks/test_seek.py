"""Keys in one text: every shape with its line, ids that follow the value and not the place, and values that only the inventory tells."""

import base64
import json
import secrets

import pytest

from keyward.hygiene.leaks.seek import Keys, Seeker, text_of
from keyward.model.detectors import BY_KIND
from keyward.model.fingerprint import FingerprintKey
from keyward.model.secret import Secret
from tests.model.shapes import AROUND, NAMED, SELF_EVIDENT, sample

KEY = FingerprintKey("test", Secret(secrets.token_bytes(32)))
OTHER = FingerprintKey("other", Secret(secrets.token_bytes(32)))
SECRETS = [one.kind for one in SELF_EVIDENT if one.is_secret]


def seek(text, name="src/app.py", keys=None):
    return Seeker(keys or Keys(KEY)).seek(text if isinstance(text, bytes) else text.encode(), name)


def ids(text, name="src/app.py", keys=None):
    return [mark.id for mark in seek(text, name, keys)]


@pytest.mark.parametrize("kind", SECRETS)
def test_every_shape_is_found_in_its_line_by_an_id_that_is_its_fingerprint(kind):
    value = sample(kind, 1)
    (mark,) = seek(b"first line\nsecond: '" + value + b"'\nlast\n")
    assert (mark.kind, mark.line) == (kind, 2)
    assert mark.id == f"{kind}/{KEY.fingerprint(Secret(value))[:16]}"
    assert mark.confidence in {"proved", "likely"}
    assert value.decode() not in repr(mark)


@pytest.mark.parametrize("kind", sorted({*NAMED, *AROUND} & {kind for kind, one in BY_KIND.items() if one.is_secret}))
def test_shapes_that_need_what_stands_around_them_are_found_there(kind):
    before, after = AROUND.get(kind, (f"{NAMED.get(kind)}=", "\n"))
    value = sample(kind, 1).decode()
    assert [mark.kind for mark in seek(f"# a comment\n{before}{value}{after}")] == [kind]
    assert seek(f"# a comment\n{value}\n") == []


def test_a_line_that_moves_keeps_its_id_and_another_value_in_its_place_has_another():
    one, other = (sample("stripe", seed).decode() for seed in (1, 2))
    near, far = seek(f"key = '{one}'\n"), seek("\n" * 100 + f"  moved_and_renamed: {one}\n", "other/place.yaml")
    assert [mark.line for mark in far] == [101]
    assert near[0].id == far[0].id
    assert ids(f"key = '{other}'\n") != [near[0].id]


def test_a_password_that_could_be_guessed_is_named_by_its_place_and_nothing_of_it_is_in_the_id():
    def address(password, host="db"):
        return f"URL=postgres://app:{password}@{host}.internal/shop\n"

    weak = ids(address("hunter2"))
    assert weak[0].startswith("url-password/at-")
    assert ids("\n\nmoved\n" + address("hunter2")) == weak
    assert ids(address("letmein")) == weak, "another word in the same place tells nothing, so it cannot be told"
    assert ids(address("hunter2", "other")) != weak
    assert ids(address("hunter2"), "another/file") != weak
    assert seek(address("hunter2"), keys=Keys(KEY, KEY))[0].fingerprint == ""


def test_a_password_that_nobody_guesses_is_named_by_itself():
    value = sample("url-password", 1).decode()
    (mark,) = seek(f"postgres://app:{value}@db/shop", keys=Keys(KEY, KEY))
    assert mark.id == f"url-password/{mark.fingerprint[:16]}"
    assert ids(f"\nmysql://other:{value}@elsewhere/x", "a") == [mark.id]


def test_ids_and_fingerprints_come_from_their_own_keys():
    value = sample("openai", 1)
    (mark,) = seek(b"K=" + value, keys=Keys(OTHER, KEY))
    assert mark.fingerprint == KEY.fingerprint(Secret(value))
    assert mark.id == f"openai/{OTHER.fingerprint(Secret(value))[:16]}"
    assert seek(b"K=" + value)[0].fingerprint == ""


def test_a_value_that_only_the_inventory_knows_is_found_wherever_it_stands_alone():
    value = secrets.token_urlsafe(30)
    keys = Keys(OTHER, KEY, frozenset({KEY.fingerprint(Secret.of(value))}))
    for text in (f"TOKEN={value}\n", f"'token': \"{value}\",", f"<t>{value}</t>", f"Bearer {value}", value):
        (mark,) = seek(text, keys=keys)
        assert (mark.kind, mark.confidence) == ("", "proved")
        assert mark.id == f"value/{OTHER.fingerprint(Secret.of(value))[:16]}"
        assert value not in repr(mark)
    assert seek(f"x{value}", keys=keys) == []
    assert seek(f"TOKEN={value}") == [], "nobody is asked about it without an inventory"


def test_a_known_value_with_a_shape_is_one_mark():
    value = sample("google-hmac-secret", 1).decode()
    keys = Keys(KEY, KEY, frozenset({KEY.fingerprint(Secret.of(value))}))
    assert [mark.kind for mark in seek(f"gs_secret_access_key = {value}\n", keys=keys)] == ["google-hmac-secret"]


def test_an_id_without_its_secret_is_told_and_with_it_is_told_by_the_secret():
    name, value = sample("aws-access-key-id", 1).decode(), sample("aws-secret-key", 1).decode()
    (alone,) = seek(f"key id {name}\n")
    assert (alone.kind, alone.value_id) == ("aws-access-key-id", name)
    assert len(alone.account) == 12
    (both,) = seek(f"aws_access_key_id = {name}\naws_secret_access_key = {value}\n")
    assert (both.kind, both.value_id, both.line) == ("aws-secret-key", name, 2)
    several = f"a {name} b {sample('aws-access-key-id', 2).decode()}\nAWS_SECRET_ACCESS_KEY={value}\n"
    assert [mark.value_id for mark in seek(several)] == [""], "which of the two it is, nobody can tell"


def test_a_key_file_is_known_by_its_id_also_as_base64_and_whatever_its_layout():
    value = sample("google-sa-json", 1)
    spread = json.dumps(json.loads(value), indent=4).encode()
    (plain,) = seek(value)
    assert len(plain.value_id) == 40
    for data in (b"x: " + base64.b64encode(value), b"KEY=" + base64.urlsafe_b64encode(spread).rstrip(b"="), spread):
        (mark,) = seek(b"line\n" + data + b"\n")
        assert (mark.kind, mark.id, mark.value_id, mark.line) == ("google-sa-json", plain.id, plain.value_id, 2)


def test_the_values_of_a_kubernetes_secret_are_looked_into_and_other_base64_is_not():
    value = sample("anthropic", 1)
    (plain,) = seek(b"K=" + value)
    data = base64.b64encode(value).decode()
    manifest = f"apiVersion: v1\nkind: Secret\ndata:\n  other: {base64.b64encode(b'nothing at all in here').decode()}\n  key: {data}\n"
    (mark,) = seek(manifest)
    assert (mark.id, mark.line) == (plain.id, 5)
    assert [mark.id for mark in seek(json.dumps({"kind": "Secret", "data": {"key": data}}))] == [plain.id]
    assert seek(manifest.replace("kind: Secret", "kind: ConfigMap")) == []
    file = base64.b64encode(sample("google-sa-json", 1)).decode()
    assert [mark.kind for mark in seek(f"kind: Secret\ndata: {{key: {file}}}")] == ["google-sa-json"]


def test_the_place_for_a_private_key_is_no_key():
    text = '{"type": "service_account", "project_id": "acme", "private_key": PRIVATE, "client_email": "a@b"}'
    assert [mark.confidence for mark in seek(text)] == ["doubtful"]
    whole = sample("google-sa-json", 1).decode()
    assert [mark.confidence for mark in seek(whole.replace("-----BEGIN", "-----BEGUN"))] == ["doubtful"]
    assert [mark.confidence for mark in seek(whole.replace('"}', '",}'))] == ["proved"], "as a program in Python has it"


def test_a_wrong_checksum_is_doubtful_and_what_manuals_write_is_nothing():
    value = sample("github", 1)
    wrong = value[:-1] + (b"a" if value[-1:] != b"a" else b"b")
    assert [mark.confidence for mark in seek(value + b"\n" + wrong)] == ["proved", "doubtful"]
    assert seek("ghp_" + "x" * 36 + "\nsk-proj-your-api-key-goes-here-and-is-long-enough-to-be-one\n") == []


def test_a_key_in_the_name_of_a_file_is_told_without_a_line():
    value = sample("stripe", 1).decode()
    (mark,) = seek("nothing here", f"exports/{value}.csv")
    assert (mark.kind, mark.line) == ("stripe", 0)


def test_a_token_says_when_it_ends():
    (mark,) = seek(sample("jwt", 1))
    assert mark.expires == 2_000_000_000


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_with_its_mark_is_text_and_other_zeros_are_not(encoding):
    value = sample("groq", 1).decode()
    data = ("\ufeff" + f"a\nKEY={value}\n").encode(encoding)
    text = text_of(data)
    assert text is not None
    assert [(mark.kind, mark.line) for mark in seek(text)] == [("groq", 2)]
    assert text_of(data[2:]) is None
    assert text_of(b"\x89PNG\0\0" + value.encode()) is None
    assert text_of(b"plain") == b"plain"
