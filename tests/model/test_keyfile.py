"""Service account key files: the same key in every layout, and a new key in the layout of the old one."""

import json
import random

import pytest

from keyward.model import dotenv
from keyward.model.detectors import identify
from keyward.model.errors import Refused
from keyward.model.fingerprint import FingerprintKey
from keyward.model.keyfile import dressed, fields, key_id
from keyward.model.parts import read_part, splice
from keyward.model.secret import Secret
from tests.model.shapes import find_parts, sample

KEY = FingerprintKey("k", Secret(bytes(range(32))))


def file_of(seed, **more):
    """A key file's fields, as Google writes them."""
    made = json.loads(sample("google-sa-json", seed))
    rest = {"client_id": "1" * 21, "token_uri": "https://oauth2.googleapis.com/token"}
    return {**made, **rest, "universe_domain": "googleapis.com", **more}


def layouts(data):
    turned = dict(reversed(data.items()))
    return [
        json.dumps(data, indent=2) + "\n",
        json.dumps(data, indent=2).replace("\n", "\r\n"),
        json.dumps(data, indent="\t"),
        json.dumps(data, separators=(",", ":")),
        json.dumps(data),
        json.dumps(turned, indent=4),
        "\ufeff" + json.dumps(data),
        json.dumps(data).replace("/", "\\/"),
        json.dumps({**data, "quota_project_id": "other"}),
        json.dumps({name: data[name] for name in ("type", "client_email", "private_key", "private_key_id")}),
        json.dumps(data).replace("\\n", "\n"),  # what a shell makes of it between double quotes
    ]


def test_every_layout_has_one_fingerprint():
    texts = layouts(file_of(1))
    assert len({KEY.fingerprint(Secret.of(text)) for text in texts}) == 1
    assert all(key_id(text.encode()) == file_of(1)["private_key_id"] for text in texts)
    others = [file_of(2), file_of(1, client_email="x@y.iam.gserviceaccount.com"), file_of(1, private_key_id="0" * 40)]
    prints = {KEY.fingerprint(Secret.of(json.dumps(one))) for one in (file_of(1), *others)}
    assert len(prints) == 4


@pytest.mark.parametrize("text", layouts(file_of(1)))
def test_a_new_key_is_dressed_like_the_old_one(text):
    new = Secret.of(json.dumps(file_of(2), indent=2) + "\n")
    done = dressed(new, like=Secret.of(text)).reveal_text()
    assert KEY.fingerprint(Secret.of(done)) == KEY.fingerprint(new)
    assert list(fields(done.encode()))[: len(fields(text.encode()))] == list(fields(text.encode()))
    assert done.endswith("\n") == text.endswith("\n")
    if "\n" not in text or "\\n" in text:
        assert done.count("\n") == text.count("\n") + ("token_uri" not in text) * ("\n" in text)
    for name in set(fields(text.encode())) - set(file_of(2)):
        assert fields(done.encode())[name] == fields(text.encode())[name], "what somebody added stays"


@pytest.mark.parametrize("text", layouts(file_of(1))[:6])
def test_dressing_a_key_like_itself_changes_nothing(text):
    same = Secret.of(text)
    assert dressed(same, like=same) == same


def test_other_values_are_left_alone():
    new = Secret.of(json.dumps(file_of(2)))
    for text in ("", "a word", "{}", '{"type": "service_account"}', '{"type": "authorized_user", "private_key": "x"}'):
        assert dressed(new, like=Secret.of(text)) == new
        assert dressed(Secret.of(text), like=new) == Secret.of(text)
        assert key_id(text.encode()) == ""
        assert fields(text.encode()) is None


def test_a_key_that_is_an_object_of_a_document_is_one_value():
    inner = file_of(1)
    document = json.dumps({"apps": [{"creds": inner, "x": 1}], "y": {"a": "b"}}, indent=2)
    (whole,) = [part for part in find_parts(document.encode()) if part.kind == "google-sa-json"]
    assert whole.name == "/apps/0/creds"
    assert identify(whole.value.reveal()).kind == "google-sa-json"
    new = dressed(Secret.of(json.dumps(file_of(2))), like=whole.value)
    changed = splice(document.encode(), whole.name, whole.value, new)
    assert json.loads(changed) == {"apps": [{"creds": file_of(2), "x": 1}], "y": {"a": "b"}}
    assert read_part(changed, whole.name) == new
    with pytest.raises(Refused):
        splice(document.encode(), whole.name, whole.value, Secret(b"no object"))


@pytest.mark.parametrize("quote", ["'", '"', ""])
def test_a_key_in_one_line_of_an_env_file(quote):
    old, new = (Secret.of(json.dumps(file_of(seed))) for seed in (1, 2))
    line = f"A=1\nGOOGLE_CREDENTIALS={quote}{old.reveal_text()}{quote}\nB=2\n".encode()
    if quote == '"':
        assert all(one.name != "GOOGLE_CREDENTIALS" for one in dotenv.parse(line))
        return
    part = next(part for part in find_parts(line, "dotenv") if part.kind == "google-sa-json")
    assert part.name == "GOOGLE_CREDENTIALS"
    if not quote:
        with pytest.raises(Refused):  # shells and libraries do not agree on it
            splice(line, part.name, part.value, dressed(new, like=part.value), "dotenv")
        return
    changed = splice(line, part.name, part.value, dressed(new, like=part.value), "dotenv")
    assert changed == line.replace(old.reveal(), new.reveal())


@pytest.mark.parametrize("value", [rb"a\nb", rb"C:\temp\x", rb"\d+"])
def test_single_quotes_carry_what_everybody_reads_alike(value):
    assert splice(b"A='x'\n", "A", Secret(b"x"), Secret(value), "dotenv") == b"A='" + value + b"'\n"


@pytest.mark.parametrize("value", [rb"a\\b", b"a\\", b"it's", rb"\'"])
def test_single_quotes_refuse_the_rest(value):
    with pytest.raises(Refused):
        splice(b"A='x'\n", "A", Secret(b"x"), Secret(value), "dotenv")


def test_large_documents_take_linear_time():
    import time

    rng = random.Random(1)
    document = json.dumps({f"k{n}": {"type": "service_account", "v": rng.random()} for n in range(20_000)}).encode()
    begun = time.perf_counter()
    assert find_parts(document) == ()
    assert time.perf_counter() - begun < 20


@pytest.mark.parametrize("wrap", [0, 76])
@pytest.mark.parametrize("urlsafe", [False, True])
@pytest.mark.parametrize("padded", [False, True])
def test_a_key_in_base64_is_the_same_key_and_is_written_as_base64(wrap, urlsafe, padded):
    import base64

    def encode(data):
        made = (base64.urlsafe_b64encode if urlsafe else base64.b64encode)(data)
        made = made if padded else made.rstrip(b"=")
        return b"\n".join(made[at : at + wrap] for at in range(0, len(made), wrap)) if wrap else made

    old, new = (json.dumps(file_of(seed, client_id="1" * (20 + seed)), indent=2).encode() for seed in (1, 2))
    payload = encode(old + b"\n") + b"\n"
    (part,) = find_parts(payload)
    assert (part.name, part.kind, part.value) == ("", "google-sa-json", Secret(old))
    assert KEY.fingerprint(part.value) == KEY.fingerprint(Secret(old))
    changed = splice(payload, "", part.value, Secret(new))
    assert read_part(changed, "") == Secret(new)
    assert changed == encode(new + b"\n") + b"\n"
    assert (b"\n" in changed[:-1]) == bool(wrap)
    if not wrap:
        inside = json.dumps({"a": encode(old).decode(), "b": "x"}, indent=1).encode()
        (part,) = find_parts(inside)
        assert (part.name, part.encoding) == ("/a", "json base64")
        assert json.loads(splice(inside, "/a", part.value, Secret(new)))["b"] == "x"
        line = b"A=1\nexport KEY=" + encode(old) + b" # why\n"
        (part,) = find_parts(line, "dotenv")
        assert part.name == "KEY"
        done = splice(line, "KEY", part.value, Secret(new), "dotenv")
        assert done.startswith(b"A=1\nexport KEY=ew")
        assert done.endswith(b" # why\n")


def test_other_base64_is_left_alone():
    import base64

    for data in (b"{" + b"x" * 600, json.dumps({"a": "b" * 600}).encode(), bytes(900)):
        text = base64.b64encode(data)
        assert all(part.encoding == "raw" for part in find_parts(text) if not part.name)
