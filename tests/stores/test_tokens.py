"""Tokens tell payloads apart and say nothing about them."""

import hashlib
import subprocess
import sys

from keyward.stores.tokens import same, token


def test_equal_parts_only_have_equal_tokens():
    assert same(token(b"a", b"bc"), token(b"a", b"bc"))
    assert len({token(b"a", b"bc"), token(b"ab", b"c"), token(b"abc"), token(b"abc", b"")}) == 4


def test_a_token_cannot_be_tried_out_by_others():
    code = "from keyward.stores.tokens import token; print(token(b'guess'))"
    theirs = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert not same(theirs, token(b"guess"))
    assert hashlib.sha256(b"guess").hexdigest() not in (theirs, token(b"guess"))
