"""What reads like a password of a manual is told from what could be one; a random password counts wherever it stands."""

import pytest

from keyward.hygiene.leaks.placeholder import is_placeholder
from keyward.hygiene.leaks.seek import Keys, Seeker
from keyward.model.fingerprint import FingerprintKey
from keyward.model.secret import Secret
from tests.model.shapes import sample

WRITTEN = (
    "postgres://user:password@db.internal/x", "postgres://scott:tiger@db/x", "amqp://guest:guest@mq/", "redis://:secret@cache/0",
    "https://me:my-password@acme.dev", "https://a:your_api_key@acme.dev", "mysql://root:test1234@db", "ftp://u:PASS@h", "http://u:xxxxx@db/",
    "postgres://app:hunter2@localhost:5432/x", "http://a:hunter2@127.0.0.1/", "http://a:hunter2@[::1]:80/", "ldap://a:hunter2@ldap.example.com",
    "http://a:hunter2@x.test/", "smtp://a:hunter2@192.0.2.7/", "https://a:hunter2@hostname/", "https://a:hunter2@my-server:8080/",
    "postgres://a:hunter2@dbhost/x", "https://a:hunter2@host.domain.tld",
)  # fmt: skip  # one address after the other
COUNT = (
    "postgres://app:hunter2@db.internal/shop", "https://deploy:s3cret!pw@git.acme.dev/x.git", "redis://:qwerty99@10.0.0.7/0",
    "https://a:hunter2@contest/", "https://a:hunter2@ghost.io/", "https://a:hunter2@observer.acme.dev",
)  # fmt: skip  # likewise


def judged(address):
    head, _, rest = address.partition("://")[2].rpartition("@")
    user, _, password = head.partition(":")
    return is_placeholder(f"x://{user}:".encode(), password.encode(), f"@{rest}".encode())


@pytest.mark.parametrize("address", WRITTEN)
def test_what_manuals_write(address):
    assert judged(address)


@pytest.mark.parametrize("address", COUNT)
def test_what_could_be_a_password(address):
    assert not judged(address)


def test_a_search_calls_the_first_doubtful_and_the_second_likely_and_never_a_random_one():
    seeker = Seeker(Keys(FingerprintKey("test", Secret(b"k" * 32))))
    random = f"postgres://app:{sample('url-password', 3).decode()}@localhost/x"
    for address, sure in ((WRITTEN[0], "doubtful"), (COUNT[0], "likely"), (random, "likely")):
        assert [mark.confidence for mark in seeker.seek(f"URL='{address}'\n".encode(), "a.py")] == [sure], address
