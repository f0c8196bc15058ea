"""Rows that come one by one stand where they would if all were sorted and filtered anew."""

import random

import pytest

from keyward.tui.columns import ALL
from keyward.tui.rows import Rows
from keyward.tui.view import View
from tests.parts.desk import DAY, NOW, columns, row

AT = NOW.timestamp()
QUERIES = ("", "prod", "used:never,denied maps", "age>90d !project:acme-prod")


def changed(made, number):
    """A key that a scan found otherwise: most of what columns show may be another, or not known any more."""
    return row(
        number,
        name=made.choice(("", "Maps", "maps", f"etl-{made.randrange(40)}")),
        created=made.choice((None, AT - made.randrange(400) * DAY)),
        first_seen=made.choice((None, AT - made.randrange(9) * DAY)),
        expires=made.choice((None, AT + made.randrange(40) * DAY)),
        state=made.choice(("active", "disabled", "")),
        places=made.randrange(3),
        stores=made.choice(((), ("gsm",), ("env", "gsm"))),
        secrets=made.choice(((), (f"gsm:x/{made.randrange(30)}",))),
        restrictions=made.choice((None, (), ("maps.googleapis.com",))),
        source_status=made.choice(("ok", "stale", "")),
        provider=made.choice(("google-api-keys", "shape")),
        last_used_window=made.choice((None, 42)),
    )


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("column", ALL)
def test_few_rows_that_change_are_put_where_a_whole_sort_puts_them(column, reverse):
    made = random.Random(f"{column} {reverse}")
    view, whole = View(Rows()), View(Rows())
    for one in (view, whole):
        one.sort(column, AT, reverse=reverse)
    first = [changed(made, number) for number in range(300)]
    for piece in (first[:7], first[7:120], first[120:]):
        view.put(columns(piece), AT)
        whole.rows.put(columns(piece))
        whole.refresh(AT)
        assert view.order == whole.order
    for turn, query in enumerate(QUERIES * 4):
        for one in (view, whole):
            one.look_for(query, AT)
        if turn == 5:
            for one in (view, whole):
                one.rows.keep_only(set(view.rows.ids(range(0, 300, 3))))
                one.refresh(AT)
        some = columns([changed(made, number) for number in made.sample(range(330), made.choice((1, 5, 14, 60)))])
        assert view.put(some, AT) == whole.rows.put(some)
        whole.refresh(AT)
        assert view.order == whole.order
        assert view._sorted == whole._sorted


def test_rows_that_come_as_they_were_are_no_news():
    view = View(Rows())
    assert len(view.put(columns([row(number) for number in range(500)]), AT)) == 500
    view.look_for("prod", AT)
    before = view.order
    assert view.put(columns([row(number) for number in range(400)]), AT) == []
    assert view.order is before
    assert view.put(columns([row(3), row(8, name="other")]), AT) == [8]


def test_few_of_many_rows_cost_no_look_at_all_of_them(monkeypatch):
    view = View(Rows())
    view.put(columns([row(number) for number in range(5_000)]), AT)
    view.look_for("maps", AT)
    asked = []
    real = view._filter.hits
    monkeypatch.setattr(
        type(view._filter), "hits", lambda _, all_, some, now: asked.append(len(some)) or real(all_, some, now)
    )
    monkeypatch.setattr(view, "refresh", lambda now: pytest.fail("everything was sorted anew"))
    view.put(columns([row(number, name="maps-now", created=AT) for number in range(0, 200, 10)]), AT)
    assert asked == [20]
