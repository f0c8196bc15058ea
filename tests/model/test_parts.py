"""Key-shaped parts of payloads are found by stable names, and replaced without touching another byte."""

import json
import random
import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from keyward.model.detectors import BY_KIND
from keyward.model.errors import Conflict, Refused
from keyward.model.parts import all_values, read_part, splice
from keyward.model.secret import Secret
from tests.model.shapes import CARRIED, find_parts, pieces, sample, secret

G = sample("google-api-key", 1).decode()
NEW = secret("google-auth-key", 2)


def names(payload, hint=""):
    return [part.name for part in find_parts(payload.encode(), hint)]


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (G, [""]),
        (f" {G}\r\n", [""]),
        (f"\ufeff{G}\n", [""]),
        (json.dumps(G), [""]),
        (json.dumps({"a": {"b": [1, G, {"c/d~e": G}]}, "é": G}), ["/a/b/1", "/a/b/2/c~1d~0e", "/é"]),
        (json.dumps({"a": "Bearer " + G, "b": f"x={G}\ny={G}"}), ["/a~@1", "/b~@1", "/b~@2"]),
        (f'{{"k": "{G}", "k": "{G}", "o": {{"k": "{G}"}}}}', ["/k", "/k~.2", "/o/k"]),
        ('{"k": "' + "".join(f"\\u{ord(character):04x}" for character in G) + '"}', ["/k"]),
        (f"A={G}\nexport B='{G}'\r\nC=\"{G}\" # c\n", ["A", "B", "C"]),
        (f"A={G}\nA={G}\n", ["A", "A~.2"]),
        (f"# was {G}\nURL=https://h/?key={G}&x\nL=`{G}`\n", ["~@1", "URL~@1", "~@2"]),
        (f"a:\n  b: {G}\n  c: '{G}'\nd:\n- \"{G}\"\n- k: {G}\n  l: {G}\n", ["/a/b", "/a/c", "/d/0", "/d/1/k", "/d/1/l"]),
        (f"---\na: &x {G}\nb: *x\nc: !t {G}\nd: {{e: {G}}}\nf: {G}\n", ["~@1", "~@2", "~@3", "/f"]),
        (f"a: |\n  K={G}\n  L=2\nb: {G}\n", ["~@1", "/b"]),
        (f"a: {G}\n  {G}\nb: {G}\n", ["~@1", "~@2", "/b"]),
        (f'[one]\nkey = {G}\n[two/three]\nkey: "{G}" ; c\n# {G}\n', ["one/key", "two~1three/key", "~@1"]),
        (f"Dear all, the key is {G}, and ({G}).", ["~@1", "~@2"]),
        ("nothing here", []),
        ("", []),
    ],
)  # fmt: skip
def test_names_of_parts(payload, expected):
    assert names(payload) == expected
    for part in find_parts(payload.encode()):
        assert part.value == Secret.of(G)
        assert part.kind == "google-api-key"


def test_a_service_account_file_is_one_value_and_links_without_it():
    payload = sample("google-sa-json", 1) + b"\n"
    kinds = {part.name: part.kind for part in find_parts(payload)}
    assert kinds == {"": "google-sa-json", "/private_key_id": "google-sa-key-id", "/private_key": "private-key"}
    nested = json.dumps({"credentials": payload.decode()}).encode()
    kinds = {part.name: part.kind for part in find_parts(nested)}
    assert kinds == {"/credentials": "google-sa-json", "/credentials~@1": "google-sa-key-id"}


def test_the_name_of_the_holder_tells_shapes_without_a_prefix():
    value = sample("aws-secret-key", 1).decode()
    ini = f"[default]\naws_access_key_id = {sample('aws-access-key-id', 1).decode()}\naws_secret_access_key = {value}\n"
    assert [(part.name, part.kind) for part in find_parts(ini.encode())] == [
        ("default/aws_access_key_id", "aws-access-key-id"),
        ("default/aws_secret_access_key", "aws-secret-key"),
    ]
    assert [part.kind for part in find_parts(json.dumps({"SecretAccessKey": value}).encode())] == ["aws-secret-key"]


@pytest.mark.parametrize(
    "payload",
    [
        json.dumps({G: "x", f"{G}/a~b": {"k": G}}), f"{G}: x\n", f"{G}=x\n", f"[{G}]\n{G} = x\n",
        json.dumps({sample("aws-bedrock", 1).decode(): "x"}),
    ],
)  # fmt: skip
def test_a_key_written_where_names_belong_is_in_no_name(payload):
    parts = all_values(payload.encode())
    assert any("~key" in part.name for part in parts)
    for part in parts:
        assert not pieces(G.encode(), "google-api-key") & pieces(part.name.encode(), "google-api-key")
        assert not pieces(sample("aws-bedrock", 1), "aws-bedrock") & pieces(part.name.encode(), "aws-bedrock")


def test_values_without_a_shape_are_offered_too():
    payload = b'{"odd": "not a known shape", "n": 1, "deep": ["x"]}'
    assert {part.name for part in all_values(payload)} == {"", "/odd", "/deep/0"}
    assert read_part(payload, "/odd") == Secret(b"not a known shape")
    assert read_part(payload, "/none") is None
    assert read_part(b"A=1\nB=two words\n", "B", "dotenv") == Secret(b"two words")


def test_no_value_is_in_a_repr():
    assert G[6:] not in repr(all_values(f"A={G}\nB={G} x".encode()))


@pytest.mark.parametrize(
    ("payload", "name"),
    [(f'{{"a":1}} {G}', "/a"), (f"A={G}", "B"), (f"A={G}", "A~.2"), (f"x {G}", "~@2"), ("{}", "/a")],
)
def test_a_part_that_is_not_there_is_a_conflict(payload, name):
    with pytest.raises(Conflict):
        splice(payload.encode(), name, Secret.of(G), NEW)


def test_a_part_that_holds_something_else_is_a_conflict():
    other = secret("google-api-key", 9)
    with pytest.raises(Conflict) as caught:
        splice(f"A={G}\n".encode(), "A", other, NEW)
    assert G[6:18] not in str(caught.value)
    with pytest.raises(Conflict):  # the whole of something larger is not the value either
        splice(f"A={G}\n".encode(), "", Secret.of(G), NEW)


@pytest.mark.parametrize(
    ("payload", "name", "new"),
    [
        (f"A={G}", "A", b"two words"), (f"A='{G}'", "A", b"it's"), (f"A={G}", "A", b"a\nB=1"), (f'A="{G}"', "A", b"$(id)"),
        (f'{{"a": "{G}"}}', "/a", b"\xff"), (f"a: {G}", "/a", b"a: b"), (f"a: {G}", "/a", b"12345"), (f"a: {G}", "/a", b"true"),
        (f"a: '{G}'", "/a", b"it's"), (f"[s]\nk={G}", "s/k", b"a ; b"), (f"[s]\nk='{G}'", "s/k", b"it's"), (f"the key {G}", "~@1", b"a b"),
        (f"the key {G}", "~@1", b"nokey"), (f"U=h?key={G}&x", "U~@1", b"nokey"), (G, "", b" padded "), (G, "", b""),
        (f'{{"a": "{G}"}}', "/a", b" padded"),
    ],
)  # fmt: skip
def test_what_a_place_cannot_carry_is_refused(payload, name, new):
    if new == b"":
        assert splice(payload.encode(), name, Secret.of(G), Secret(new)) == b""
        return
    with pytest.raises(Refused):
        splice(payload.encode(), name, Secret.of(G), Secret(new))


def test_a_value_with_a_meaning_in_json_is_escaped_there():
    payload = f'{{"a": "{G}", "b": "\\/"}}'.encode()
    new = Secret.of('q"b\\n\n/ä')
    changed = splice(payload, "/a", Secret.of(G), new)
    assert json.loads(changed) == {"a": 'q"b\\n\n/ä', "b": "/"}
    assert splice(changed, "/a", new, Secret.of(G)) == payload


def test_two_keys_of_one_json_are_replaced_one_after_the_other():
    other = sample("openai", 1).decode()
    payload = json.dumps({"gemini": G, "openai": other}, indent=1).encode() + b"\n"
    once = splice(payload, "/gemini", Secret.of(G), NEW)
    twice = splice(once, "/openai", Secret.of(other), secret("openai", 2))
    assert json.loads(twice) == {"gemini": NEW.reveal_text(), "openai": sample("openai", 2).decode()}
    assert json.loads(splice(twice, "/gemini", NEW, Secret.of(G)))["openai"] == sample("openai", 2).decode()


@pytest.mark.parametrize(
    "unit",
    [
        "[",
        "]",
        "{",
        '{"a":',
        "a ",
        "a: ",
        "- ",
        "a\n",
        "a:\n",
        "a: b\n",
        "'",
        '"',
        'A="',
        "A='\n",
        "A=\\",
        " #",
        "[x",
        "\t=",
        "\n",
        "\\u0041",
    ],
)
@pytest.mark.parametrize("hint", ["", "dotenv", "ini", "yaml"])
def test_hostile_payloads_cost_linear_time(unit, hint):
    def seconds(size):
        payload = (unit * (size // len(unit))).encode()
        start = time.process_time()
        all_values(payload, hint)
        return time.process_time() - start

    small = min(seconds(5_000) for _ in range(3))
    bound = 8 * 4 * small + 0.05  # quadratic would be 64 times
    assert any(seconds(40_000) <= bound for _ in range(5)), "one slow try is the machine's"


def test_broken_json_and_deep_json_are_text():
    assert names(f'{{"a": "{G}"') == ["~@1"]
    assert names("[" * 100_000 + G) == ["~@1"]


def test_a_yaml_reader_reads_the_same():
    text = f"""\
# head
top: {G}
"quoted key": "{G}"
list:
  - {G}
  -   name: x   # comment
      key: '{G}'
nested:
    deep:
        key: {G}
other:
- {G}
- - {G}
"""
    document = yaml.safe_load(text)
    for part in find_parts(text.encode()):
        at = document
        for step in part.name.split("/")[1:]:
            at = at[int(step)] if isinstance(at, list) else at[step.replace("~1", "/").replace("~0", "~")]
        assert at == G
        changed = yaml.safe_load(splice(text.encode(), part.name, part.value, NEW))
        assert json.dumps(changed).count(NEW.reveal_text()) == 1
    assert len(find_parts(text.encode())) == text.count(G)


KEYS = st.builds(
    lambda kind, seed: sample(kind, seed).decode(),
    st.sampled_from([d.kind for d in CARRIED if d.is_secret]),
    st.integers(0, 99),
)
WORDS = st.text("abcxyz019 _-./:#'\"\\\näé{}[],&*~", max_size=10)
SCALARS = st.one_of(KEYS, WORDS, st.builds("https://h/?a=b&key={}&c=d".format, KEYS), st.integers(), st.none())
JSONS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=8,
)
NAMES = st.sampled_from(["A", "B", "C_D", "e"])
ENVS = st.lists(
    st.builds(
        "{}{}={}{}{}".format,
        st.sampled_from(["", "export "]),
        NAMES,
        st.sampled_from(["", "x "]),
        KEYS,
        st.sampled_from(["", " # c"]),
    ),
    max_size=5,
).map("\n".join)
INIS = st.lists(
    st.one_of(
        st.builds("[{}]".format, NAMES), st.builds("{} = {}".format, NAMES, KEYS), st.builds("; {}".format, KEYS)
    ),
    max_size=6,
).map(lambda lines: "\n".join(("[first]", *lines)))
YAMLS = st.dictionaries(
    st.text("abc", min_size=1, max_size=3),
    st.recursive(KEYS, lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=3), max_leaves=5),
    max_size=4,
).map(yaml.safe_dump)
TEXTS = st.lists(st.one_of(WORDS, KEYS), max_size=6).map(" ".join)
PAYLOADS = st.one_of(
    st.builds(lambda document, indent, ascii_: json.dumps(document, indent=indent, ensure_ascii=ascii_), JSONS, st.sampled_from([None, 1, "\t"]), st.booleans()),
    ENVS, INIS, YAMLS, TEXTS,
)  # fmt: skip


@given(PAYLOADS, st.sampled_from(["", "\n", "\r\n", " "]), st.integers(0, 99))
def test_replacing_leaves_every_other_byte_alone_and_the_way_back_restores_all(text, end, seed):
    payload = (text + end).encode()
    for part in find_parts(payload):
        new = Secret(BY_KIND[part.kind].sample(random.Random(seed)))
        changed = splice(payload, part.name, part.value, new)
        assert changed[: part.start] == payload[: part.start]
        assert changed.endswith(payload[part.end :])
        assert read_part(changed, part.name) == new
        assert [(other.name, other.kind) for other in find_parts(changed)] == [
            (other.name, other.kind) for other in find_parts(payload)
        ]
        assert splice(changed, part.name, new, part.value) == payload


@given(PAYLOADS)
def test_no_key_in_a_payload_is_missed(text):
    values = [part.value.reveal_text() for part in find_parts(text.encode())]
    for kind in (detector.kind for detector in CARRIED if detector.is_secret):
        for seed in range(3):
            assert sample(kind, seed).decode() not in text.split() or any(
                sample(kind, seed).decode() in value for value in values
            )


@given(JSONS)
def test_json_names_are_pointers_to_the_values(document):
    for part in all_values(json.dumps(document).encode()):
        if part.encoding != "json" or "~@" in part.name:
            continue
        at = document
        if "~key" in part.name:
            continue
        for step in part.name.split("/")[1:]:
            at = at[int(step)] if isinstance(at, list) else at[step.replace("~1", "/").replace("~0", "~")]
        assert at.strip(" \t\r\n") == part.value.reveal_text()


@given(PAYLOADS, st.sampled_from(["", "dotenv", "json", "ini", "yaml"]))
def test_names_are_unique_and_spans_lie_inside(text, hint):
    payload = text.encode()
    parts = all_values(payload, hint)
    assert len({part.name for part in parts}) == len(parts)
    assert all(0 <= part.start <= part.end <= len(payload) for part in parts)


@given(st.binary(max_size=200), st.sampled_from(["", "dotenv", "json", "ini", "yaml"]))
def test_no_bytes_break_it(payload, hint):
    for part in all_values(payload, hint):
        try:
            changed = splice(payload, part.name, part.value, NEW, hint)
        except Refused:
            continue
        assert changed[: part.start] == payload[: part.start]
        assert changed.endswith(payload[part.end :])
