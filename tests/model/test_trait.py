"""What is seen at a value: addresses around it, and words that only stand for one."""

import random

import pytest

from keyward.model.detectors import BY_KIND, identify, imitates
from keyward.model.made_up import stands_for
from keyward.model.trait import in_query

KEY = BY_KIND["google-api-key"].sample(random.Random(7))


@pytest.mark.parametrize(
    "before",
    [
        "https://maps.googleapis.com/maps/api/js?key=",
        "https://maps.googleapis.com/maps/api/js?v=3&libraries=places,geometry&key=",
        "curl 'https://x.example/a/b?q=a%20b&api_key=",
        '"url": "https:\\/\\/x.example\\/a?v=1\\u0026key=',
        '<script src="https://x.example/js?v=3&amp;key=',
        "fetch(`${BASE}/v1/models?key=",
        "/v1beta/models?key=",
        "https://x.example/?a&b&key=",
        "https://x.example/a?items[]=1&token=",
        "x" * 5_000 + " https://x.example/a?key=",
    ],
)
def test_a_value_in_the_query_of_an_address(before):
    text = before.encode() + KEY + b"&more=1'"
    assert in_query(text, text.index(KEY))


@pytest.mark.parametrize(
    "before",
    [
        "GEMINI_API_KEY=",
        "export KEY=",
        "x-goog-api-key: ",
        "https://x.example/a?v=1 KEY=",
        "https://x.example/a?v=1\nKEY=",
        'url = "https://x.example/a?v=1", key="',
        "https://x.example/a#key=",
        "https://x.example/v1/",
        "https://x.example/a?",
        "what? KEY=",
        "really ?KEY=",
        "",
    ],
)
def test_a_value_beside_an_address_or_in_none(before):
    text = before.encode() + KEY
    assert not in_query(text, text.index(KEY))


@pytest.mark.parametrize(
    "value",
    ["changeme", "CHANGE_ME", "replace-me", "your-api-key", "YOUR_OPENAI_API_KEY_HERE", "<your key>", "placeholder",
     "xxxxxxxx", "***", "TODO", "insert_your_key_here", "dummy-key", "redacted", "my-api-key"],
)  # fmt: skip
def test_words_that_stand_for_a_key(value):
    assert stands_for(value.encode())
    assert stands_for(value.encode(), "OPENAI_API_KEY")
    assert not stands_for(value.encode(), "MODE"), "only under the name of a key"


@pytest.mark.parametrize("value", ["", "production", "${OPENAI_API_KEY}", "sk", "example.com", "my-bucket", "https://x.example", "changeme later on"])  # fmt: skip
def test_words_that_stand_for_nothing(value):
    assert not stands_for(value.encode())
    assert not stands_for(KEY)


def test_what_has_the_shape_of_a_key_and_is_plainly_made_up():
    value = b"sk-" + b"proj-" + b"x" * 60
    assert imitates(value)
    assert identify(value) is None
    assert not imitates(KEY)
    assert not imitates(b"production")
    assert not imitates(b"AKIA" + b"IOSFODNN7" + b"EXAMPLE"), "an id alone is no key"
