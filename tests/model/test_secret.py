"""A Secret never gets into a text by accident."""

import copy
import dataclasses
import io
import json
import logging
import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyward.model.parts import Part
from keyward.model.secret import REDACTED, Secret
from keyward.model.secretinfo import Payload
from tests.model.shapes import find_parts

VALUE = "canary-1234567890"
SECRET = Secret.of(VALUE)


@dataclasses.dataclass
class Holder:
    what: Secret


def shown(make):
    try:
        return make()
    except Exception as error:  # noqa: BLE001  # whatever is raised must not show it
        return "".join(traceback.format_exception(error))


def _logged():
    stream = io.StringIO()
    logger = logging.Logger("test")  # noqa: LOG001  # not part of the tree of loggers
    logger.addHandler(logging.StreamHandler(stream))
    logger.warning("value %s %r", SECRET, SECRET)
    return stream.getvalue()


def _raised():
    raise ValueError(SECRET, {"value": SECRET})


def _traced():
    try:
        _raised()
    except ValueError as error:
        return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


@pytest.mark.parametrize(
    "make",
    [
        lambda: repr(SECRET),
        lambda: str(SECRET),
        lambda: f"{SECRET} {SECRET!r} {SECRET!s} {SECRET!a} {SECRET:>40}",
        lambda: format(SECRET, "x"),
        lambda: "{} {!r} {:s}".format(SECRET, SECRET, SECRET),  # noqa: UP032  # this form is the test
        lambda: "%s %r %a" % (SECRET, SECRET, SECRET),  # noqa: UP031  # this form is the test
        lambda: repr([SECRET, {"a": SECRET}, (SECRET,)]),
        lambda: repr(Holder(SECRET)),
        lambda: repr(dataclasses.asdict(Holder(SECRET))),
        lambda: repr(Payload(SECRET, "1", "1")),
        lambda: repr(Part("", SECRET, "", 0, 1, "raw", lambda value, raw: value)),
        lambda: json.dumps(SECRET),
        lambda: json.dumps({"a": SECRET}, default=str),
        lambda: pickle.dumps(SECRET),
        lambda: pickle.dumps([SECRET], protocol=0),
        lambda: repr(copy.copy(SECRET)) + repr(copy.deepcopy([SECRET])),
        lambda: bytes(SECRET),
        lambda: SECRET + b"",
        lambda: "".join([SECRET]),  # noqa: FLY002  # this form is the test
        lambda: list(SECRET),
        lambda: SECRET[0],
        lambda: hash(SECRET),
        lambda: {SECRET},
        lambda: SECRET < SECRET,  # noqa: PLR0124  # there is no order
        lambda: vars(SECRET),
        lambda: open(SECRET),  # noqa: SIM115, PTH123  # as a path by mistake
        _logged,
        _raised,
        _traced,
    ],
)
def test_no_way_to_a_text_shows_it(make):
    text = str(shown(make))
    for at in range(len(VALUE) - 5):
        assert VALUE[at : at + 6] not in text


def test_reveal_is_the_door():
    assert SECRET.reveal() == VALUE.encode()
    assert SECRET.reveal_text() == VALUE


def test_what_is_shown_says_so():
    assert str(SECRET) == repr(SECRET) == f"{SECRET:>99}" == REDACTED


def test_pickling_and_hashing_are_refused():
    with pytest.raises(TypeError, match="never pickled"):
        pickle.dumps(SECRET)
    with pytest.raises(TypeError, match="unhashable"):
        hash(SECRET)


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_equality_is_that_of_the_bytes(left, right):
    assert (Secret(left) == Secret(right)) is (left == right)
    assert Secret(left) == Secret(bytearray(left))
    assert Secret(left) != left
    assert len(Secret(left)) == len(left)
    assert bool(Secret(left)) is bool(left)


@given(st.binary(max_size=40))
def test_text_and_bytes_go_both_ways(value):
    assert Secret.of(Secret(value).reveal_text()).reveal() == value


def test_later_changes_of_the_source_do_not_reach_it():
    source = bytearray(b"abc")
    kept = Secret(source)
    source[0] = 0
    assert kept.reveal() == b"abc"


def test_errors_of_the_payload_reader_do_not_show_it():
    assert VALUE not in repr(find_parts(f"A={VALUE}".encode()))
