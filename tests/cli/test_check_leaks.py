"""What `keyward leaks` found of the inventory's keys is what `keyward check` says of them, with where and when, and never a value."""

import pytest

from tests.cli.test_documents import check as fits
from tests.model.shapes import sample
from tests.parts.laptop import Laptop
from tests.parts.repo import Repo
from tests.parts.scene import encoded

STRIPE, GROQ = (sample(kind, 5).decode() for kind in ("stripe", "groq"))


@pytest.fixture
def laptop(tmp_path):
    """A machine with two keys in an env file, scanned."""
    with Laptop(tmp_path / "home") as laptop:
        laptop.env("web/.env", f"A={STRIPE}\nB={GROQ}\n")
        laptop.scan()
        yield laptop


def told(laptop):
    """(result, evidence) of the rule for each of the two keys, by its kind; a key without a finding passed."""
    done = laptop.keyward("check", "--rule", "KW-901", "-o", "json")
    document = fits(done.json)
    assert sum(document["rules"][0][name] for name in ("fail", "unknown", "pass")) == 2
    assert not any(form in done.out for value in (STRIPE, GROQ) for form in encoded(value[8:]))
    found = {
        one["subject"].split("/")[0].removeprefix("shape:"): (one["result"], one["evidence"][0])
        for one in document["findings"]
    }
    return {"stripe": ("pass", ""), "groq": ("pass", ""), **found}


def results(laptop):
    return {kind: result for kind, (result, _) in told(laptop).items()}


def test_a_history_is_told_until_its_key_is_dead(laptop):
    assert results(laptop) == {"stripe": "unknown", "groq": "unknown"}
    repo = Repo(laptop.work / "repo")
    repo.write("a.py", f"URL = 'https://x.example/?key={STRIPE}'\n")
    first = repo.commit()
    repo.write("a.py", "clean\n")
    repo.commit()
    laptop.keyward("leaks", "--git", repo.folder, "--no-inventory")
    laptop.keyward("leaks", "--git", repo.folder, "--range", f"{first}..HEAD")
    assert results(laptop) == {"stripe": "unknown", "groq": "unknown"}, (
        "a part is not the whole, and without inventory nothing is kept"
    )
    laptop.keyward("check")
    done = laptop.keyward("leaks", "--git", repo.folder)
    listed = laptop.keyward("list", "-o", "json").json
    assert listed["judged"]["stale"] == "read", "what was found is not in the list before somebody judges"
    assert len(laptop.keyward("list", "finding:KW-901", "-o", "ids").out.split()) == 1
    assert ", in the query of an address" in done.out
    found = told(laptop)
    assert found["groq"] == ("pass", "")
    result, evidence = found["stripe"]
    assert result == "fail"
    assert f"1 place in the history of {repo.folder} on " in evidence
    assert f"a.py:1 ({first[:12]}, 2026-01-01, not in HEAD), in the query of an address; seen on " in evidence
    laptop.keyward("leaks", "--git", repo.folder, "--range", f"{first}..HEAD")
    assert results(laptop)["stripe"] == "fail", "a search of a part takes nothing away"
    repo.git("clone", "-q", "--bare", ".", laptop.work / "bare.git")
    assert laptop.keyward("leaks", "--git", laptop.work / "bare.git").status == 1
    done = laptop.keyward("check", "--rule", "KW-901", "-o", "json").json["findings"]
    assert [f"the history of {laptop.work}/bare.git on " in line for line in done[0]["evidence"]] == [True, False]


def test_a_file_is_told_until_a_search_finds_it_clean(laptop):
    copy = laptop.env("web/notes/a.md", f"{GROQ}\n")
    assert laptop.keyward("leaks", laptop.work / "web" / "notes").status == 1
    result, evidence = told(laptop)["groq"]
    assert (result, f"{copy}:1" in evidence) == ("fail", True)
    assert results(laptop)["stripe"] == "pass"
    copy.write_text("clean\n")
    assert results(laptop)["groq"] == "fail", "nobody looked again"
    laptop.env("web/large.txt", "text\n" * 300_000)
    laptop.keyward("leaks", laptop.work, "--max-size", "1")
    assert results(laptop)["groq"] == "fail", "what was not read takes nothing away"
    laptop.keyward("leaks", laptop.work)
    assert results(laptop) == {"groq": "pass", "stripe": "pass"}, "the env file is where the keys belong"


def test_what_a_baseline_has_is_no_finding_and_a_ledger_of_another_form_no_search(laptop):
    laptop.env("web/a.md", f"{GROQ}\n")
    known = laptop.home / "known.json"
    laptop.keyward("leaks", laptop.work, "--baseline", known, "--update-baseline")
    assert results(laptop) == {"groq": "pass", "stripe": "pass"}
    laptop.keyward("leaks", laptop.work)
    assert results(laptop)["groq"] == "fail"
