"""Lines that weaken a program are found with file and line, in every language, and what only looks like one is not."""

import os
import time

import pytest

from keyward.checklists.code.languages import language
from keyward.checklists.code.pattern import patterns
from keyward.checklists.code.search import Whose, search, whose
from keyward.model.errors import UsageError
from tests.parts.repo import Repo

CHECKS, ADDRESSES, PLAIN = map(patterns, ("certificate-checks", "key-in-address", "plain-address"))

# One file a line: what is wrong in it, and which pattern tells it.
WRONG = [
    ("a.py", "requests.get(url, verify=False)", "python-verify"),
    ("b.py", "client = AsyncClient(verify = False, timeout=3)", "python-verify"),
    ("c.py", "async with session.get(url, ssl=False) as got:", "python-aiohttp"),
    ("d.py", "ssl._create_default_https_context = ssl._create_unverified_context", "python-unverified-context"),
    ("e.py", "context.check_hostname = False", "python-check-hostname"),
    ("f.py", "context.verify_mode = ssl.CERT_NONE", "python-cert-none"),
    ("g.py", "PoolManager(cert_reqs='CERT_NONE')", "python-quotes"),
    ("h.py", "httplib2.Http(disable_ssl_certificate_validation=True)", "python-httplib2"),
    ("i.sh", "export PYTHONHTTPSVERIFY=0", "python-https-verify"),
    ("j.py", "os.environ['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'", "node-environment"),
    (".env", "NODE_TLS_REJECT_UNAUTHORIZED=0", "node-environment"),
    ("k.yml", '  NODE_TLS_REJECT_UNAUTHORIZED: "0"', "node-environment"),
    ("l.ts", "new https.Agent({ rejectUnauthorized: false })", "node-reject-unauthorized"),
    ("m.json", '{"ssl": {"rejectUnauthorized": false}}', "node-reject-unauthorized"),
    (".npmrc", "strict-ssl=false", "npm-strict-ssl"),
    ("n.sh", "npm config set strict-ssl false", "npm-strict-ssl"),
    ("o.go", "cfg := &tls.Config{InsecureSkipVerify: true}", "go-insecure-skip-verify"),
    ("p.go", "cfg.InsecureSkipVerify = true", "go-insecure-skip-verify"),
    ("q.java", "builder.setSSLHostnameVerifier(NoopHostnameVerifier.INSTANCE);", "java-trust-all"),
    ("r.kt", "override fun checkServerTrusted(chain: Array<X509Certificate>, type: String) {}", "java-trust-all"),
    ("s.cs", "handler.ServerCertificateCustomValidationCallback = (m, c, ch, e) => true;", "csharp-accept-any"),
    ("t.ps1", "Invoke-WebRequest https://example.org -SkipCertificateCheck", "powershell-skip"),
    ("u.rb", "http.verify_mode = OpenSSL::SSL::VERIFY_NONE", "ruby-verify-none"),
    ("v.php", "curl_setopt($ch, CURLOPT_SSL_VERIFYPEER, false);", "php-verify-peer"),
    ("w.rs", "let client = Client::builder().danger_accept_invalid_certs(true);", "rust-danger"),
    ("x.c", "curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);", "c-curl"),
    ("y.sh", "curl -sSk https://example.org", "curl"),
    ("z.py", "subprocess.run(['curl', '-k', url])", "curl"),
    ("Dockerfile", "RUN curl \\\n    --insecure https://example.org | sh", "curl"),
    (".curlrc", "silent\ninsecure", "curlrc"),
    ("aa.sh", "wget --no-check-certificate https://example.org", "wget"),
    ("Makefile", "\tgit -c http.sslVerify=false clone https://example.org", "git-ssl-verify"),
    (".gitconfig", "[http]\n\tsslVerify = false", "git-ssl-verify"),
    ("ab.sh", "GIT_SSL_NO_VERIFY=true git fetch", "git-ssl-verify"),
    ("ac.sh", "pip install --trusted-host example.org thing", "pip-trusted-host"),
    ("ad.sh", "kubectl --insecure-skip-tls-verify get pods", "kubectl"),
    ("ae.yaml", "- cluster:\n    insecure-skip-tls-verify: true", "kubectl"),
    ("af.ipynb", '{"source": ["requests.get(u, verify=False)\\n"]}', "python-verify"),
]  # fmt: skip

RIGHT = [
    ("a.py", "requests.get(url, verify=True)\n# never verify=False\nverify = verify_false(False)\n"),
    ("b.py", '"""Never write verify=False, ssl.CERT_NONE or check_hostname = False."""\n'),
    ("c.py", "if context.verify_mode == ssl.CERT_NONE:\n    raise ValueError('verify=False is refused')\n"),
    ("d.py", "claims = jwt.decode(token, verify=False)\n"),
    ("e.ts", "// rejectUnauthorized: false\n/* rejectUnauthorized:\n false */\nf({ rejectUnauthorized: true })\n"),
    ("f.go", "cfg := &tls.Config{InsecureSkipVerify: false} // was InsecureSkipVerify: true\n"),
    ("g.sh", "# curl -k\ncurl --key file https://example.org\ncurl -K file\ncurl -o k https://example.org | task -k\n"),
    ("h.yml", "url: https://example.org/#x  # NODE_TLS_REJECT_UNAUTHORIZED=0\nNODE_TLS_REJECT_UNAUTHORIZED: '1'\n"),
    ("i.gitconfig", "[http]\n\tsslVerify = true\n"),
    ("j.md", "requests.get(url, verify=False)\n"),
]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What one search of all those files says, by file name."""
    hits = {}
    for number, (name, text, _) in enumerate(WRONG):
        folder = tmp_path_factory.mktemp(f"wrong{number}")
        (folder / name).write_text(f"\n{text}\n")
        for hit in search([str(folder)], CHECKS, os.environ).hits:
            hits.setdefault(name, []).append((hit.pattern.id, hit.line))
    return hits


@pytest.mark.parametrize(("name", "text", "pattern"), WRONG)
def test_a_switched_off_check_is_found_where_it_stands(found, name, text, pattern):
    first = 2 if "\n" not in text or name == "Dockerfile" else 3
    assert found[name] == [(pattern, first)]


def test_every_pattern_has_a_line_that_it_tells():
    assert {pattern for _, _, pattern in WRONG} == {one.id for one in CHECKS}


@pytest.mark.parametrize(("name", "text"), RIGHT)
def test_what_only_looks_like_one_is_left_alone(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert search([str(tmp_path)], CHECKS, os.environ).hits == ()


def test_every_pattern_says_what_to_write_instead_and_where_that_is_documented():
    for one in (*CHECKS, *ADDRESSES, *PLAIN):
        assert one.what
        assert one.instead.endswith(".")
        assert one.source.startswith("https://")


def test_own_code_tests_and_what_others_wrote_are_told_apart_and_ignored_files_are_not_read(tmp_path):
    repo = Repo(tmp_path / "repo")
    bad = "get(url, verify=False)\n"
    for name in ("app/a.py", "tests/test_a.py", "vendor/x/b.py", "build/c.py"):
        repo.write(name, bad)
    repo.write(".gitignore", "build/\n")
    searched = search([str(repo.folder)], CHECKS, repo.environ)
    assert [(one.path.removeprefix(f"{repo.folder}/"), one.whose) for one in searched.hits] == [
        ("app/a.py", Whose.OWN),
        ("tests/test_a.py", Whose.TEST),
        ("vendor/x/b.py", Whose.OTHERS),
    ]
    assert searched.read == 3


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("src/app.py", Whose.OWN),
        ("src/latest/app.py", Whose.OWN),
        ("src/contest.py", Whose.OWN),
        ("test_app.py", Whose.TEST),
        ("web/app.spec.ts", Whose.TEST),
        ("pkg/client_test.go", Whose.TEST),
        ("node_modules/x/tests/a.js", Whose.OTHERS),
        ("web/jquery.min.js", Whose.OTHERS),
    ],
)
def test_whose_code_it_is_shows_in_its_path(name, expected):
    assert whose(name) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.PY", "python"),
        ("Dockerfile.dev", "shell"),
        (".env.local", "settings"),
        (".env", "settings"),
        (".npmrc", "settings"),
        ("README.md", ""),
        ("noending", ""),
    ],
)
def test_a_language_shows_in_the_name(name, expected):
    assert language(f"some/folder/{name}") == expected


def test_what_cannot_be_read_is_said_and_a_folder_that_is_not_there_is_an_error(tmp_path):
    (tmp_path / "large.py").write_text("x" * 2_000_001)
    (tmp_path / "broken.py").write_bytes(b"\xff(\n  get(verify=False)\n")
    searched = search([str(tmp_path)], CHECKS, os.environ)
    assert [one.line for one in searched.hits] == [2]
    assert searched.gaps == (f"{tmp_path}/large.py was not read: 2000001 bytes",)
    with pytest.raises(UsageError, match="cannot be looked at"):
        search([str(tmp_path / "nothing")], CHECKS, os.environ)


@pytest.mark.parametrize(
    "line",
    [
        'url = f"https://api.example.org/v1?key={key}"',
        "fetch(`https://api.example.org/v1?a=b&api_key=${KEY}`)",
        "curl https://api.example.org/v1?access_token=$TOKEN",
        "'https://api.example.org/v1?key=' + key",
        "'https://api.example.org/v1?key=%s' % key",
    ],
)
def test_code_that_puts_a_key_into_an_address_is_found(tmp_path, line):
    (tmp_path / "a.sh").write_text(line)
    assert [one.line for one in search([str(tmp_path)], ADDRESSES, os.environ).hits] == [1]


@pytest.mark.parametrize(
    "line", ["monkey = f'?monkey={x}'", "url = '?key=name&sort=asc'", "a&&key=$(cat f)", "f(x?key:0)"]
)
def test_other_parameters_are_none(tmp_path, line):
    (tmp_path / "a.sh").write_text(line)
    assert search([str(tmp_path)], ADDRESSES, os.environ).hits == ()


@pytest.mark.parametrize(("name", "text", "pattern"), WRONG)
def test_long_lines_and_empty_ones_take_no_long_time(name, text, pattern):
    """What begins like a match and goes on for ever: a pattern that looks back again and again would take minutes."""
    (one,) = [each for each in CHECKS if each.id == pattern]
    began = time.process_time()
    for piece in (text[: len(text) // 2], text.split("=")[0], text.partition("(")[0] + "(", "\n", " "):
        one.find.search(piece * (600_000 // len(piece) if piece else 0))
    assert time.process_time() - began < 3


def test_a_hit_does_not_repeat_the_line(tmp_path):
    marker = "do-not-show-this"
    (tmp_path / "a.py").write_text(f"get('{marker}', verify=False)")
    (hit,) = search([str(tmp_path)], CHECKS, os.environ).hits
    assert marker not in f"{hit} {hit!r}"


@pytest.mark.parametrize(
    ("name", "line"),
    [
        (".env", "OPENAI_BASE_URL=http://gateway.acme.io/v1"),
        ("a.py", 'client = OpenAI(base_url="http://10.1.2.3:8080")'),
        ("a.ts", "new Client({ baseURL: 'http://api.acme.io' })"),
        ("a.yaml", "api_base: http://llm.acme.io"),
        ("a.sh", "export ANTHROPIC_API_URL=http://api.acme.io"),
    ],
)
def test_an_api_without_encryption_is_found(tmp_path, name, line):
    (tmp_path / name).write_text(f"\n{line}\n")
    assert [one.line for one in search([str(tmp_path)], PLAIN, os.environ).hits] == [2]


@pytest.mark.parametrize(
    "line",
    [
        "OPENAI_BASE_URL=https://gateway.acme.io/v1",
        "OPENAI_BASE_URL=http://localhost:8080",
        "OPENAI_BASE_URL=http://127.0.0.1:8080",
        "OPENAI_BASE_URL=http://ollama:11434",
        "OPENAI_BASE_URL=http://ollama",
        "OPENAI_BASE_URL=http://gateway.test/v1",
        "OPENAI_BASE_URL=http://api.example.com/v1",
        "OPENAI_BASE_URL=http://$HOST/v1",
        "# OPENAI_BASE_URL=http://gateway.acme.io/v1",
        "HOMEPAGE=http://www.acme.io",
    ],
)
def test_this_machine_its_network_and_reserved_names_are_left_alone(tmp_path, line):
    (tmp_path / ".env").write_text(f"{line}\n")
    assert search([str(tmp_path)], PLAIN, os.environ).hits == ()
