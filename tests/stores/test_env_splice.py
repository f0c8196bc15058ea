"""One value of a real file is replaced and every other byte stays: whatever quotes, comments, line ends and neighbours it has."""

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyward.model.dotenv import parse, splice
from keyward.model.ids import SecretRef
from keyward.model.secret import Secret
from keyward.stores.env_files import EnvFiles
from tests.contract.stores import MARK, a_ctx

STORE = EnvFiles(Path("/nonexistent"), {})
KEYLIKE = st.text("ABCDEFabcdef0123456789_-./+=", min_size=8, max_size=60)

_name = st.from_regex(r"[A-Z_][A-Z0-9_]{0,12}", fullmatch=True)
_inside = st.text("abc XYZ019#=.$%&\u00e9\u9375-_", max_size=20)
_noise = st.one_of(
    st.just(b""),
    st.binary(max_size=12).map(lambda raw: b"# " + raw.replace(b"\n", b"").replace(b"\r", b"").replace(b"\0", b"")),
    st.just(b"if [ -f .env.local ]; then source .env.local; fi"),
    st.tuples(_name, _inside).map(lambda pair: f"{pair[0]}='{pair[1]}'".encode()),
    st.tuples(_name, _inside).map(lambda pair: f'export {pair[0]}="{pair[1]}"'.encode()),
    st.just(b"MULTI='first\nsecond\n  third'"),
    st.just(b'JSON="{\\"a\\": 1}"'),
)
_ends = st.sampled_from([b"\n", b"\r\n"])
_gaps = st.sampled_from([b"", b" ", b"\t", b"  "])
_tails = st.sampled_from([b"", b" ", b" # a comment = 'x'", b"\t# \xff\xfe"])


@st.composite
def files(draw):
    """A file with one assignment of a known value somewhere in it; its parts, so that the expected file can be put together."""
    end, quote, value = draw(_ends), draw(st.sampled_from([b"", b"'", b'"'])), draw(KEYLIKE).encode()
    before = b"".join(line + end for line in draw(st.lists(_noise, max_size=5)))
    after = b"".join(end + line for line in draw(st.lists(_noise, max_size=5))) + draw(st.sampled_from([b"", end]))
    head = draw(st.sampled_from([b"", b"export ", b"  ", b"export\t"])) + b"THE_KEY=" + quote
    bom = draw(st.sampled_from([b"", b"\xef\xbb\xbf"]))
    return bom + before + head, value, quote + draw(_tails) + after


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(file=files(), new=KEYLIKE)
def test_only_the_value_changes(tmp_path_factory, file, new):
    head, value, tail = file
    path = tmp_path_factory.mktemp("file") / ".env"
    path.write_bytes(head + value + tail)
    ref = SecretRef("env", (str(path),), str(path.parent))
    payload = STORE.read(ref, a_ctx())
    assert payload.hint == "dotenv"
    place = next(each for each in parse(payload.data.reveal()) if each.start == len(head))
    assert (place.name, place.value) == ("THE_KEY", Secret(value))
    changed = splice(payload.data.reveal(), place, Secret.of(new))
    STORE.write(ref, Secret(changed), a_ctx(), expect=payload.token, mark=MARK)
    assert path.read_bytes() == head + new.encode() + tail
    back = splice(path.read_bytes(), next(each for each in parse(changed) if each.start == len(head)), Secret(value))
    assert back == head + value + tail


@pytest.mark.parametrize("quote", ["", "'", '"'])
@pytest.mark.parametrize("export", ["", "export "])
def test_the_shell_reads_what_was_written(tmp_path, quote, export):
    path = tmp_path / ".envrc"
    path.write_text(f"# first\nOTHER='it is # fine'\n{export}THE_KEY={quote}old-value{quote} # note\nLAST=1")
    ref = SecretRef("env", (str(path),), str(tmp_path))
    payload = STORE.read(ref, a_ctx())
    place = next(each for each in parse(payload.data.reveal()) if each.name == "THE_KEY")
    changed = splice(payload.data.reveal(), place, Secret(b"sk-NEW_value.1=="))
    STORE.write(ref, Secret(changed), a_ctx(), expect=payload.token, mark=MARK)
    shell = shutil.which("sh")
    script = f'. {shlex.quote(str(path))}; printf "%s|%s|%s" "$OTHER" "$THE_KEY" "$LAST"'
    said = subprocess.run([shell, "-c", script], capture_output=True, check=True).stdout
    assert said == b"it is # fine|sk-NEW_value.1==|1"
