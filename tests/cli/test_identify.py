"""What a value says of itself, without asking anybody: on the command line, and in the list."""

import base64
import json
import secrets

import pytest

from tests.model.shapes import sample
from tests.parts.laptop import Laptop

ENDS = 1_900_000_000
ENDS_AT = "2030-03-17T17:46:40Z"


@pytest.fixture
def laptop(tmp_path):
    """A machine without a keyring and without a cloud."""
    with Laptop(tmp_path / "home") as laptop:
        yield laptop


def token(**claims):
    """A JSON web token that nobody signed."""
    pieces = ({"alg": "HS256", "typ": "JWT"}, {"iss": "sample", "jti": secrets.token_hex(12), **claims})
    head, body = (base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in pieces)
    return f"{head}.{body}.{secrets.token_urlsafe(32)}"


def test_a_token_that_says_when_it_ends_ends_then_in_the_list_and_one_that_does_not_is_not_called_endless(laptop):
    laptop.env(".env", f"SHORT={token(exp=ENDS)}\nLONG={token()}\nODD={token(exp='soon')}\n")
    laptop.scan()
    found = laptop.keyward("list", "-o", "json").json["keys"]
    assert sorted(str(one["expires_at"]) for one in found) == [ENDS_AT, "None", "None"]
    soon = laptop.keyward("list", "expires<100000d", "-o", "ids").out.split()
    assert soon == [one["id"] for one in found if one["expires_at"]]
    assert ENDS_AT in laptop.keyward("show", soon[0]).out


def test_identify_says_when_a_token_ends_and_whose_an_access_key_is(laptop):
    laptop.env(".env", "A=1\n")
    laptop.scan()
    told = laptop.keyward("identify", "-o", "json", stdin=token(exp=ENDS)).json
    assert (told["shape"], told["expires_at"], told["account"]) == ("jwt", ENDS_AT, None)
    value = sample("aws-access-key-id", 1).decode()
    told = laptop.keyward("identify", "-o", "json", stdin=value).json
    assert told["expires_at"] is None
    assert len(told["account"]) == 12
    assert f"{told['account']} (the value says so itself)" in laptop.keyward("identify", stdin=value).out
