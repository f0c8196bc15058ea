"""Queries mean the same for rows and for columns, never take unknown for zero, and say where they are wrong."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyward.model.credential import Kind, State
from keyward.model.errors import Exit, QueryError
from keyward.model.query import Columns, QueryRow, complete, parse
from keyward.model.query_fields import FIELDS
from keyward.model.source import SourceStatus
from keyward.model.usage import UseStatus

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def ago(days):
    return (NOW - timedelta(days=days)).timestamp()


ROW = QueryRow(
    id="google-api-keys:acme-prod/uid-1",
    name="Web, front *1",
    provider="google-api-keys",
    scope="acme-prod",
    kind="api-key",
    state="active",
    created=ago(100),
    last_used_status="used",
    last_used_at=ago(10),
    last_used_window=42,
    stores=("keyring", "gsm"),
    secrets=("gsm:acme-prod/web", "keyring:web/me"),
    findings=("KW-AGE-001",),
    places=2,
    restrictions=("generativelanguage.googleapis.com", "ip"),
    source_status="ok",
    haystack="web, front *1 acme-prod strasse",
)


def holds(query, row=ROW):
    return parse(query).compile(NOW)(row)


@pytest.mark.parametrize(
    "query",
    [
        "", "  ", "project:acme-prod", "scope=acme-prod", "PROJECT:ACME-PROD", "project:acme-*", "project:other,acme-prod", "!project:acme",
        "project!=acme", "-project:acme", "kind:api-key", "kind:*-key", "!kind:sa-key", "state:active", "provider:google-api-keys",
        'name:"Web, front *1"', "name:'Web, front *1'", "name:Web*", "name:W*1", 'name:"Web, front "*', "id:google-api-keys:acme-prod/uid-1",
        "id:*/uid-1", "store:keyring", "store:gsm,vault", "!store:vault", "secret:gsm:acme-prod/web", "secret:gsm:*", "finding:KW-AGE-001",
        "finding:kw-age-*", "!finding:none", "used:used", "used<11d", "!used:never", "unused>9d", "unused>=10d", "unused<11d", "!unused>30d",
        "age>99d", "age>3m", "age<1y", "age>=100d", "age<=100d", "!age:unknown", "created<2026-11-01", "created>2026-08-01", "created:2026-08-12",
        "!created:unknown", "expires:none", "!expires<14d", "places>1", "places:2", "places:1,2", "places>=2", "places<3", "restricted:any",
        "restricted:ip", "restricted:*.googleapis.com", "!restricted:none", "!restricted:unknown", "source:ok", "!source:denied,stale",
        "front", "STRASSE", "stra\u00dfe", '"front *1"', "-nothing", "!nothing", "project:acme-prod age>90d unused>9d store:keyring !kind:sa-key web",
    ],
)  # fmt: skip
def test_these_hold(query):
    assert holds(query)


@pytest.mark.parametrize(
    "query",
    [
        "project:acme", "project:Acme", "project:prod", "project:*-dev", "name:web*", "name:Web", 'name:"Web*"', "id:uid-1", "kind:sa-key", "!kind:api-key",
        "store:key", "store:none", "secret:web", "finding:none", "used:never,not_seen", "used<10d", "unused>10d", "unused>30d", "age>100d",
        "age<90d", "age:unknown", "created>2026-11-01", "created:2026-08-13", "expires<14d", "expires>1d", "places:0", "places>2", "restricted:none",
        "restricted:unknown", "source:denied", "nothing", "-front", "project:acme-prod nothing", "f*t",
    ],
)  # fmt: skip
def test_these_do_not(query):
    assert not holds(query)


@pytest.mark.parametrize("query", ["age>0d", "age<100y", "age>=0d", "created<2100-01-01", "created>1980-01-01"])
def test_an_unknown_age_fulfils_no_comparison(query):
    assert not holds(query, replace(ROW, created=None))


def test_an_age_of_at_least_proves_older_and_never_younger():
    seen = replace(ROW, created=None, first_seen=ago(41))
    assert holds("age>40d", seen)
    assert not holds("age>42d", seen)
    assert not holds("age<42d", seen)
    assert not holds("age<100y", seen)
    assert not holds("age:unknown", seen)


@pytest.mark.parametrize("status", ["not_scanned", "denied", "unsupported", "failed"])
def test_use_that_is_not_known_is_neither_used_nor_unused(status):
    row = replace(ROW, last_used_status=status, last_used_at=None, last_used_window=None)
    for query in ("unused>1h", "unused<100y", "used<100y", "used>1h", "used:never", "used:not-seen", "used:used"):
        assert not holds(query, row)
    assert holds(f"used:{status}", row)


def test_not_seen_proves_the_window_and_no_more():
    row = replace(ROW, last_used_status="not_seen", last_used_at=None, last_used_window=42)
    assert holds("unused>41d", row)
    assert holds("unused>=42d", row)
    assert not holds("unused>42d", row)
    assert not holds("unused<100y", row)
    assert not holds("used:never", row)
    assert holds("used:not-seen,never", row)


def test_never_used_is_unused_since_its_creation():
    row = replace(ROW, last_used_status="never", last_used_at=None, created=ago(5))
    assert holds("unused>4d", row)
    assert holds("unused<6d", row)
    assert not holds("unused>30d", row)


def test_unknown_restrictions_are_not_none():
    row = replace(ROW, restrictions=None)
    assert holds("restricted:unknown", row)
    assert not holds("restricted:none", row)
    assert not holds("restricted:any", row)
    assert holds("restricted:none", replace(ROW, restrictions=()))


def test_keys_nowhere_and_without_findings():
    row = replace(ROW, stores=(), secrets=(), findings=(), places=0)
    assert holds("store:none secret:none finding:none places:0", row)
    assert not holds("store:keyring", row)


def test_findings_are_not_none_where_a_rule_cannot_be_told_or_none_was_asked():
    unknown, unjudged = (replace(ROW, findings=(word,)) for word in ("unknown", "unjudged"))
    assert holds("finding:unknown", replace(ROW, findings=("KW-101", "unknown")))
    assert holds("finding:Unknown !finding:none !finding:kw-*", unknown)
    assert holds("finding:unjudged !finding:none !finding:unknown", unjudged)
    assert QueryRow("id").findings == ("unjudged",), "nothing is known of a row that says nothing"


def test_expiry():
    row = replace(ROW, expires=ago(-10))
    assert holds("expires<14d", row)
    assert holds("expires<2027-01-01", row)
    assert not holds("expires<9d", row)
    assert not holds("expires:none", row)
    assert holds("expires<1h", replace(ROW, expires=ago(1)))


@pytest.mark.parametrize(
    ("query", "column", "word"),
    [
        ("projct:x", 0, "project"),
        ("  -knid:x", 3, "kind"),
        ("a  foo:x", 3, "one of"),
        ("kind:", 5, '""'),
        ("kind:sa-kye", 5, "sa-key"),
        ("used:nevr", 5, "never"),
        ("source:denid", 7, "denied"),
        ("age:90d", 4, "age>90d"),
        ("age>soon", 4, "90d"),
        ("age>1d,2d", 4, "90d"),
        ("unused:30d", 7, "unused>30d"),
        ("created>90d", 8, "age>90d"),
        ("expires:14d", 8, "expires<14d"),
        ("places:many", 7, "places>2"),
        ("kind>x", 5, "kind:VALUE"),
        ("restricted>x", 11, "restricted:VALUE"),
        ('name:"open', 5, "Close it"),
        ("a 'open", 2, "Close it"),
        ("a !", 2, "negates"),
        ("- a", 0, "negates"),
        ("google-api-keys:acme/uid", 0, "quotes"),
    ],
)
def test_errors_name_the_column_and_what_would_be_right(query, column, word):
    with pytest.raises(QueryError) as caught:
        parse(query)
    assert caught.value.column == column
    assert word in caught.value.hint
    assert caught.value.exit_code is Exit.USAGE
    assert repr(query) in str(caught.value)


def test_no_field_stands_in_quotes():
    assert holds('"acme-prod strasse"')
    assert parse('"kind:x"').terms[0].field == ""


def test_every_field_reads_columns_that_exist():
    columns = {each.name for each in fields(QueryRow)}
    assert columns == {each.name for each in fields(Columns)}
    assert {name for each in FIELDS.values() for name in each.columns} <= columns


MOMENTS = st.one_of(st.none(), st.integers(-50, 400).map(ago))
NAMES = st.sampled_from(["", "a", "b*", "Acme", "acme-prod", "kw-1", "KW-1"])
ROWS = st.builds(
    QueryRow,
    id=NAMES, name=NAMES, provider=NAMES, scope=NAMES,
    kind=st.sampled_from(Kind), state=st.sampled_from(State),
    created=MOMENTS, first_seen=MOMENTS,
    last_used_status=st.sampled_from(UseStatus), last_used_at=MOMENTS, last_used_window=st.one_of(st.none(), st.integers(0, 60)),
    expires=MOMENTS,
    stores=st.lists(NAMES, max_size=2).map(tuple), secrets=st.lists(NAMES, max_size=2).map(tuple), findings=st.lists(NAMES, max_size=2).map(tuple),
    places=st.integers(0, 3), restrictions=st.one_of(st.none(), st.lists(NAMES, max_size=2).map(tuple)),
    source_status=st.sampled_from(SourceStatus), haystack=NAMES.map(str.casefold),
)  # fmt: skip
TEXTS = st.sampled_from(["project", "provider", "name", "id", "store", "secret", "finding", "restricted"])
SIGNS = st.sampled_from([">", "<", ">=", "<="])
TERMS = st.one_of(
    st.builds(
        "{}:{}".format, TEXTS, st.sampled_from(["a", "acme*", "*", "b*,a", '"b*"', "none", "any", "unknown", "kw-1"])
    ),
    st.builds("{}{}{}d".format, st.sampled_from(["age", "unused", "used", "expires"]), SIGNS, st.integers(0, 300)),
    st.builds("created{}2026-0{}-01".format, SIGNS, st.integers(1, 9)),
    st.builds("places{}{}".format, SIGNS, st.integers(0, 3)),
    st.builds("kind:{}".format, st.sampled_from(Kind)),
    st.builds("used:{}".format, st.sampled_from(UseStatus)),
    st.sampled_from(["a", "acme", "age:unknown", "expires:none", "source:ok,denied", "state:act*"]),
)
QUERIES = st.lists(st.builds("{}{}".format, st.sampled_from(["", "!", "-"]), TERMS), max_size=4).map(" ".join)


def columns_of(rows):
    return Columns(**{each.name: [getattr(row, each.name) for row in rows] for each in fields(QueryRow)})


@given(QUERIES, st.lists(ROWS, max_size=12), st.data())
def test_rows_and_columns_agree(text, rows, data):
    query = parse(text)
    holds_for = query.compile(NOW)
    expected = [at for at, row in enumerate(rows) if holds_for(row)]
    assert query.columns(columns_of(rows), range(len(rows)), NOW) == expected
    some = data.draw(st.lists(st.sampled_from(range(len(rows))), unique=True)) if rows else []
    assert query.columns(columns_of(rows), some, NOW) == [at for at in some if at in expected]


@given(TERMS, ROWS)
def test_a_negated_term_is_the_opposite(term, row):
    assert holds(term, row) is not holds(f"!{term}", row)
    assert holds(term, row) is not holds(f"-{term}", row)


@given(QUERIES, QUERIES, ROWS)
def test_terms_side_by_side_must_all_hold(left, right, row):
    assert holds(f"{left} {right}", row) == (holds(left, row) and holds(right, row))


@given(st.text(alphabet="abz:<>=!-*,'\" .9d", max_size=24))
def test_any_text_is_understood_or_refused_with_a_column_inside_it(text):
    column = 0
    try:
        parse(text).compile(NOW)(ROW)
    except QueryError as error:
        column = error.column
    assert 0 <= column <= len(text)


@pytest.mark.parametrize(
    ("text", "inserts"),
    [
        ("pr", ["project:", "provider:"]),
        ("age>1d un", ["unused>"]),
        ("!ki", ["kind:"]),
        ("used:n", ["never", "not_seen", "not_scanned"]),
        ("kind:sa-key,to", ["token"]),
        ("project:ac", ["acme-dev", '"acme prod"']),
        ("unused>", ["30d", "90d"]),
        ("nofield:x", []),
        ('name:"x', []),
    ],
)
def test_completion(text, inserts):
    found = complete(text, len(text), {"project": ["acme-dev", "acme prod", "zeta"]})
    assert [each.insert for each in found] == inserts
    for each in found:
        completed = text[: each.start] + each.insert + text[each.end :]
        assert completed.startswith(text[: each.start])
        assert each.end == len(text)


def test_completion_in_the_middle_replaces_what_is_before_the_cursor_only():
    found = complete("ki age>1d", 2)
    assert [(each.insert, each.start, each.end) for each in found] == [("kind:", 0, 2)]
    assert len(complete("", 0)) == len(FIELDS)
