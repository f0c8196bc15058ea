"""Evaluators that look at this machine and its code: pass, fail, warn, unknown and not applicable, each against real local parts."""

import os
import socket
import ssl
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from keyward.checklists.evaluators import EVALUATORS
from keyward.checklists.ground import Endpoint, Ground, Machine
from keyward.checklists.item import Item, Kind, Subject, SubjectKind
from keyward.checklists.result import Word
from keyward.hygiene.estate import Estate
from keyward.hygiene.policy import Policy
from keyward.model.ids import SecretRef
from keyward.model.secretinfo import SecretInfo
from keyward.model.source import SourceReport, SourceStatus
from tests.model.shapes import sample
from tests.parts.advisories import advising, npm_lock, registry
from tests.parts.estate import NOW, key, place
from tests.parts.need import require
from tests.parts.repo import Repo
from tests.parts.tls import Authority, serving

HOST = "here"
MACHINE, PROVIDER, PROJECT = (
    Subject(SubjectKind.MACHINE, HOST),
    Subject(SubjectKind.PROVIDER, "openai"),
    Subject(SubjectKind.PROJECT, "acme-prod"),
)
CODE = ("certificate-checks", "key-in-address", "dependencies")


def ground(*folders, secrets=(), sources=(), **more):
    """What is known of a machine with those folders."""
    given = {"environ": {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"]}, **more}
    machine = Machine(HOST, tuple(Path(one) for one in folders), **given)
    estate = Estate(NOW, secrets={str(one.ref): one for one in secrets}, sources={one.id: one for one in sources})
    return Ground(estate, Policy(now=NOW), NOW, machine)


def judged(name, there, subject=MACHINE, **want):
    item = Item("a.b", "t", "w", Kind.AUTO, check=name, want=want)
    return EVALUATORS[name].evaluate(item, subject, there)


@pytest.fixture
def work(tmp_path):
    """A folder with code in which nothing is wrong."""
    folder = tmp_path / "work"
    (folder / "app").mkdir(parents=True)
    (folder / "app" / "a.py").write_text("get(url, verify=True)\n")
    return folder


@pytest.mark.parametrize("name", CODE)
def test_without_a_folder_nothing_is_known_of_code(name):
    found = judged(name, ground())
    assert found.word is Word.UNKNOWN
    assert found.fix.commands == ("keyward init ~/work",)


@pytest.mark.parametrize("name", CODE)
def test_a_folder_that_is_gone_and_another_machine_are_unknown(name, work):
    gone = judged(name, ground(work, work / "gone"))
    assert (gone.word, gone.evidence) == (Word.UNKNOWN, (f"the folder {work}/gone is not there",))
    assert judged(name, ground(work), Subject(SubjectKind.MACHINE, "elsewhere")).word is Word.UNKNOWN


@pytest.mark.parametrize("name", CODE)
def test_a_folder_without_code_is_nothing_to_judge(name, tmp_path):
    assert judged(name, ground(tmp_path)).word is Word.NOT_APPLICABLE


@pytest.mark.parametrize("subject", [MACHINE, PROVIDER, PROJECT])
@pytest.mark.parametrize("name", CODE[:2])
def test_good_code_passes_and_says_what_was_looked_at(name, subject, work):
    found = judged(name, ground(work), subject)
    assert found.word is Word.PASS
    assert f"1 file below {work} on {HOST}" in found.evidence[0]


def test_a_switched_off_check_fails_with_file_line_and_what_to_write_instead(work):
    (work / "app" / "b.py").write_text("\nget(url, verify=False)\n")
    (work / "tests").mkdir()
    (work / "tests" / "c.py").write_text("get(url, verify=False)\n")
    found = judged("certificate-checks", ground(work))
    assert found.word is Word.FAIL
    assert found.evidence[0].startswith(f"{work}/app/b.py:2: verify=False")
    assert found.evidence[1:] == ("1 in tests",)
    assert "verify=PATH" in found.fix.text
    (work / "app" / "b.py").unlink()
    warned = judged("certificate-checks", ground(work))
    assert (warned.word, warned.evidence[1:]) == (Word.WARN, ("1 in tests",))


def test_an_env_file_that_git_ignores_is_looked_into_because_programs_read_it(tmp_path):
    repo = Repo(tmp_path / "repo")
    repo.write(".gitignore", ".env\n")
    file = repo.write(".env", "NODE_TLS_REJECT_UNAUTHORIZED=0\nOPENAI_BASE_URL=http://gateway.acme.io\n")
    unscanned = judged("certificate-checks", ground(repo.folder, environ=repo.environ))
    assert unscanned.word is Word.NOT_APPLICABLE
    found = judged("certificate-checks", ground(repo.folder, secrets=[env_file(file)], environ=repo.environ))
    assert found.word is Word.FAIL
    assert [one.partition(": ")[0] for one in found.evidence] == [f"{file}:1", f"{file}:2"]


def test_code_that_cannot_be_read_is_not_passed(work):
    (work / "app" / "large.py").write_text("x" * 2_000_001)
    found = judged("certificate-checks", ground(work))
    assert found.word is Word.UNKNOWN
    assert "large.py was not read" in found.evidence[0]


def test_a_key_in_an_address_fails_whether_it_stands_there_or_code_puts_it_there(work):
    value = sample("stripe", 1).decode()
    (work / "app" / "b.txt").write_text(f"see https://api.example.org/v1?key={value}\n")
    (work / "app" / "c.py").write_text('\nurl = f"https://api.example.org/v1?key={value}"\n')
    found = judged("key-in-address", ground(work))
    assert found.word is Word.FAIL
    assert found.evidence == (
        f"{work}/app/b.txt:1: a key stands in the query of an address",
        f"{work}/app/c.py:2: the address takes a key in its query",
    )
    assert value not in repr(found)


def test_a_key_elsewhere_is_the_matter_of_other_items(work):
    (work / "app" / "b.txt").write_text(f"key = {sample('stripe', 1).decode()}\n")
    assert judged("key-in-address", ground(work)).word is Word.PASS


def test_code_is_read_once_for_all_subjects_of_a_run(work):
    there = ground(work)
    assert judged("certificate-checks", there, PROVIDER).word is Word.PASS
    (work / "app" / "a.py").write_text("get(url, verify=False)\n")
    assert judged("certificate-checks", there, PROJECT).word is Word.PASS
    assert judged("certificate-checks", ground(work), PROJECT).word is Word.FAIL


def test_dependencies_are_unknown_until_somebody_asks_and_where_no_tool_is_installed(work):
    (work / "uv.lock").write_text("")
    unasked = judged("dependencies", ground(work))
    assert unasked.word is Word.UNKNOWN
    assert "--probe" in unasked.fix.text
    missing = judged("dependencies", ground(work, probe=True, environ={"PATH": str(work)}))
    assert (missing.word, missing.evidence) == (
        Word.UNKNOWN,
        (f"{work}/uv.lock: osv-scanner is not installed",),
    )
    assert "osv-scanner" in missing.fix.commands[0]


def test_a_vulnerable_lock_file_fails_and_one_without_a_known_hole_passes(work, tmp_path):
    require("npm")
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    lock = npm_lock(work / "web", "old-library")
    with advising() as database:
        registry(environ, database.server_port)
        unasked = judged("dependencies", ground(work, environ=environ))
        assert (unasked.word, database.asked) == (Word.UNKNOWN, [])
        bad = judged("dependencies", ground(work, environ=environ, probe=True))
        assert (bad.word, bad.evidence) == (Word.FAIL, (f"{lock}: old-library (high): GHSA-aaaa-bbbb-cccc",))
        npm_lock(work / "web", "new-library")
        good = judged("dependencies", ground(work, environ=environ, probe=True))
        assert (good.word, good.evidence) == (Word.PASS, ("npm knows of no hole by 1 lock file",))
    gone = judged("dependencies", ground(work, environ=environ, probe=True))
    assert gone.word is Word.UNKNOWN
    assert "npm: it failed" in gone.evidence[0]


# TLS


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusted(authority, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))


def at(port, host="localhost", **more):
    return Endpoint(f"https://{host}:{port}/", frozenset({"openai"}), google=True, used=True, **more)


@pytest.mark.parametrize("subject", [MACHINE, PROVIDER, PROJECT])
@pytest.mark.usefixtures("trusted")
def test_servers_of_today_pass_for_whoever_they_concern(authority, subject):
    with serving(authority.issue(days=90)) as (port, _):
        found = judged("tls", ground(endpoints=(at(port),), probe=True), subject)
    assert (found.word, found.evidence) == (
        Word.PASS,
        ("1 server: TLSv1.3 or newer, certificates hold for 89 days or more",),
    )


@pytest.mark.usefixtures("trusted")
def test_a_certificate_that_ends_soon_is_a_warning_from_as_many_days_as_the_item_says(authority):
    with serving(authority.issue(days=20)) as (port, _):
        there = ground(endpoints=(at(port),), probe=True)
        assert judged("tls", there).word is Word.WARN
        assert judged("tls", there).evidence == (f"localhost:{port}: its certificate ends in 19 days",)
        assert judged("tls", there, days=19).word is Word.PASS


@pytest.mark.usefixtures("trusted")
def test_what_is_wrong_with_a_server_fails_beside_a_good_one(authority):
    with serving(authority.issue(days=-1)) as (ended, _), serving(authority.issue()) as (good, _):
        found = judged("tls", ground(endpoints=(at(good), at(ended)), probe=True))
    assert found.word is Word.FAIL
    assert found.evidence == (f"localhost:{ended} has a certificate that ended (certificate has expired)",)


@pytest.mark.skipif(not ssl.HAS_TLSv1_1, reason="the OpenSSL of this machine speaks no TLS 1.1")
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")
@pytest.mark.usefixtures("trusted")
def test_an_old_protocol_fails(authority):
    with serving(authority.issue(), ssl.TLSVersion.TLSv1_1) as (port, _):
        found = judged("tls", ground(endpoints=(at(port),), probe=True))
    assert (found.word, found.evidence) == (Word.FAIL, (f"localhost:{port} speaks nothing newer than TLSv1.1",))


@pytest.mark.usefixtures("trusted")
def test_a_server_that_cannot_be_reached_and_one_behind_a_proxy_are_unknown(authority):
    with socket.socket() as taken, serving(authority.issue()) as (good, heard):
        taken.bind(("127.0.0.1", 0))  # nobody listens there, and nobody else gets it
        port = taken.getsockname()[1]
        found = judged("tls", ground(endpoints=(at(port), at(good)), probe=True))
        assert (found.word, found.evidence) == (Word.UNKNOWN, (f"localhost:{port}: connection refused",))
        heard.clear()
        behind = judged("tls", ground(endpoints=(at(good, proxy="HTTPS_PROXY"),), probe=True))
    assert behind.word is Word.UNKNOWN
    assert "HTTPS_PROXY" in behind.evidence[0]
    assert heard == []


def test_nobody_is_asked_without_consent(authority):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        found = judged("tls", ground(endpoints=(at(listening.getsockname()[1]),)))
        with pytest.raises(TimeoutError):
            listening.accept()
    assert found.word is Word.UNKNOWN
    assert "--probe" in found.fix.text


def test_plain_text_on_this_machine_is_nothing_to_judge_and_elsewhere_a_failure():
    here = Endpoint("http://127.0.0.1:8085/", used=True, loopback=True)
    assert judged("tls", ground(endpoints=(here,), probe=True)).word is Word.NOT_APPLICABLE
    there = Endpoint("http://api.example.org/", used=True)
    found = judged("tls", ground(endpoints=(here, there), probe=False))
    assert (found.word, found.evidence) == (Word.FAIL, ("http://api.example.org/ is not encrypted",))


def test_endpoints_of_others_do_not_concern_a_subject():
    other = Endpoint("https://localhost:1/", frozenset({"groq"}))
    for subject in (MACHINE, PROVIDER, PROJECT):
        assert judged("tls", ground(endpoints=(other,), probe=True), subject).word is Word.NOT_APPLICABLE
    assert judged("tls", ground(), Subject(SubjectKind.MACHINE, "elsewhere")).word is Word.UNKNOWN


# Env files that git does not pass over


def env_file(path):
    return SecretInfo(SecretRef("env", (str(path),), str(path.parent)), plaintext=True)


def scanned(folder, status=SourceStatus.OK):
    return SourceReport(f"env:{folder}", status)


def test_env_files_in_repositories_are_passed_over_by_git_or_it_is_said_with_what_mends_it(tmp_path):
    repo = Repo(tmp_path / "repo")
    loose = tmp_path / "loose.env"
    loose.write_text("A=1\n")
    names = ("ignored/.env", ".env", "sub/odd [name]'.env", "old.env", ".env.example")
    files = [repo.write(name, "A=1\n") for name in names]
    repo.write(".gitignore", "ignored/\n")
    repo.git("add", "old.env")
    repo.commit()
    repo.git("rm", "-q", "--cached", ".env", "sub/odd [name]'.env")
    infos = [env_file(one) for one in (*files, loose, tmp_path / "gone.env")]
    there = ground(secrets=infos, sources=[scanned(tmp_path)], environ=repo.environ)
    found = judged("env-ignored", there)
    assert found.word is Word.FAIL
    assert set(found.evidence) == {
        f"{repo.folder}/.env would be added by the next `git add .`",
        f"{repo.folder}/sub/odd [name]'.env would be added by the next `git add .`",
        f"{repo.folder}/old.env is in the repository",
    }
    for line in found.fix.commands:
        subprocess.run(["sh", "-c", line], check=True, env=repo.environ, stdout=subprocess.DEVNULL)
    mended = judged("env-ignored", there)
    assert (mended.word, mended.evidence) == (Word.PASS, ("git passes over 4 env files in repositories",))


def test_a_model_in_which_a_key_stands_is_none(tmp_path):
    repo = Repo(tmp_path / "repo")
    info = env_file(repo.write(".env.example", "A=1\n"))
    there = ground(secrets=[info], sources=[scanned(tmp_path)], environ=repo.environ)
    assert judged("env-ignored", there).word is Word.NOT_APPLICABLE
    held = {str(info.ref): [place(key(), info, version="1")]}
    assert judged("env-ignored", replace(there, estate=replace(there.estate, held=held))).word is Word.FAIL


def test_what_was_not_scanned_is_not_passed(tmp_path):
    assert judged("env-ignored", ground()).word is Word.UNKNOWN
    dark = ground(sources=[scanned(tmp_path, SourceStatus.FAILED)])
    assert judged("env-ignored", dark).word is Word.UNKNOWN
    assert judged("env-ignored", ground(sources=[scanned(tmp_path)])).word is Word.NOT_APPLICABLE
    no_git = ground(sources=[scanned(tmp_path)], environ={"PATH": str(tmp_path)})
    assert "git is not installed" in judged("env-ignored", no_git).evidence[0]
