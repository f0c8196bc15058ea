"""Env files are read as every reader reads them, and changed without touching another byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyward.model.dotenv import parse, splice
from keyward.model.errors import Conflict, Refused
from keyward.model.secret import Secret


def read(data):
    return [(each.name, each.value.reveal(), each.quote, each.line) for each in parse(data)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"A=1", [("A", b"1", "", 1)]),
        (b"A=1\n", [("A", b"1", "", 1)]),
        (b"A=1\r\nB=2\r\n", [("A", b"1", "", 1), ("B", b"2", "", 2)]),
        (b"\xef\xbb\xbfA=1\n", [("A", b"1", "", 1)]),
        (b"# A=1\n\n  export\tA = 1 \t\n", [("A", b"1", "", 3)]),
        (b"A='x # y' # z\n", [("A", b"x # y", "'", 1)]),
        (b'A="x # y" # z\n', [("A", b"x # y", '"', 1)]),
        (b"A=x # z\nB=x#y\n", [("A", b"x", "", 1), ("B", b"x#y", "", 2)]),
        (b'A="a\\n\\"b\\\\ \\$c"\n', [("A", b'a\n"b\\ $c', '"', 1)]),
        (b"A='one\ntwo'\nB=3\n", [("A", b"one\ntwo", "'", 1), ("B", b"3", "", 3)]),
        (b'A="one\r\ntwo"\r\nB=3\r\n', [("A", b"one\r\ntwo", '"', 1), ("B", b"3", "", 3)]),
        (b"A=\nB= # none\n", [("A", b"", "", 1), ("B", b"", "", 2)]),
        (b"A=1\nA=2\n", [("A", b"1", "", 1), ("A", b"2", "", 2)]),
        (b"a.b-c=1\n", [("a.b-c", b"1", "", 1)]),
        (b"A=\xff\xfe\n", [("A", b"\xff\xfe", "", 1)]),
    ],
)
def test_what_every_reader_takes_alike(data, expected):
    assert read(data) == expected


@pytest.mark.parametrize(
    "data",
    [
        b'A="x"y\n', b"A='x'\"y\"\n", b"A=`whoami`\n", b'A="open\n', b"A='open\n", b"A=x\\\n", b"A=#x\n", b"export A\n", b"1A=x\n",
        b"A: x\n", b"PATH_add bin\n", b"\x00\x01", b"if [ a = b ]; then\n",
    ],
)  # fmt: skip
def test_what_readers_take_differently_is_passed_over(data):
    assert read(data) == []
    assert read(data + b"B=2\n")[-1:] in ([("B", b"2", "", data.count(b"\n") + 1)], [])


@pytest.mark.parametrize(
    ("data", "new", "expected"),
    [
        (b"A=1", b"2", b"A=2"),
        (b"A=1\r\n", b"two", b"A=two\r\n"),
        (b"export A = 1 # c\n", b"2", b"export A = 2 # c\n"),
        (b"A='x' # c", b"y z", b"A='y z' # c"),
        (b'A="x"', b"y'z #", b'A="y\'z #"'),
        (b'A="a\\nb"', b"c\nd", b'A="c\\nd"'),
        (b"A='a\nb'", b"c\nd", b"A='c\nd'"),
        (b"A=\n", b"v", b"A=v\n"),
        (b"A= # none\n", b"v", b"A=v # none\n"),
    ],
)
def test_a_new_value_takes_the_place_of_the_old_one(data, new, expected):
    assert splice(data, parse(data)[0], Secret(new)) == expected


@pytest.mark.parametrize(
    ("data", "new"),
    [
        (b"A=1", b"a b"), (b"A=1", b"a#b"), (b"A=1", b"$x"), (b"A=1", b"a\nb"), (b"A=1", b"~x"), (b"A=1", b"a;b"), (b"A=1", b"'"),
        (b"A=1", b"\xc3\xa4"), (b"A='x'", b"it's"), (b"A='x'", b"a\nb"), (b"A='x'", b"a\\\\b"), (b'A="x"', b'a"b'), (b'A="x"', b"a$b"),
        (b'A="x"', b"a`b"), (b'A="x"', b"a\\b"), (b'A="x"', b"a\nb"), (b'A="x"', b"\x00"), (b"A=1", b"x\r"), (b"A=#x\nB=1", b"a b"),
    ],
)  # fmt: skip
def test_what_a_line_cannot_carry_is_refused_without_being_named(data, new):
    with pytest.raises(Refused) as caught:
        splice(data, parse(data)[-1], Secret(new))
    assert new.decode("latin-1") not in str(caught.value) or len(new) < 4


def test_a_file_that_changed_is_a_conflict():
    place = parse(b"A=1\nB=2\n")[1]
    with pytest.raises(Conflict):
        splice(b"A=10\nB=2\n", place, Secret(b"3"))


def test_no_value_is_in_a_repr():
    assert "hunter2" not in repr(parse(b"A=hunter2"))


LINES = st.lists(
    st.one_of(
        st.sampled_from([b"", b"# comment", b"export A", b"if x; then", b"A=`x`", b'B="open', b"\x00", b"C='x'y"]),
        st.builds(
            lambda prefix, name, value, quote, comment: prefix + name + b"=" + quote + value + quote + comment,
            st.sampled_from([b"", b"export ", b"  "]),
            st.sampled_from([b"A", b"B_1", b"c.d"]),
            st.text("abcXYZ019_-./", max_size=12).map(str.encode),
            st.sampled_from([b"", b"'", b'"']),
            st.sampled_from([b"", b" # c", b"\t"]),
        ),
    ),
    max_size=8,
)


@given(LINES, st.sampled_from([b"\n", b"\r\n"]), st.booleans(), st.text("abcXYZ019_-./=", min_size=1, max_size=12))
def test_every_other_byte_stays_and_the_way_back_restores_the_file(lines, end, last, new):
    data = end.join(lines) + (end if last else b"")
    for place in parse(data):
        changed = splice(data, place, Secret.of(new))
        assert changed[: place.start] == data[: place.start]
        assert changed[place.start + len(new) :] == data[place.end :]
        back = next(each for each in parse(changed) if each.start == place.start)
        assert back.value == Secret.of(new)
        assert splice(changed, back, place.value) == data


def test_a_value_can_be_emptied():
    assert splice(b"A= 1 # c\nB=2", parse(b"A= 1 # c\nB=2")[0], Secret(b"")) == b"A=  # c\nB=2"
    assert splice(b"A=\t", parse(b"A=\t")[0], Secret(b"x")) == b"A=x\t"


@given(st.binary(max_size=120), st.binary(max_size=20))
def test_no_bytes_break_it(data, new):
    for place in parse(data):
        assert 0 <= place.start <= place.end <= len(data)
        try:
            changed = splice(data, place, Secret(new))
        except Refused:
            continue
        assert changed[: place.start] == data[: place.start]
        assert changed.endswith(data[place.end :])
