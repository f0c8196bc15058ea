import threading
from concurrent.futures import ThreadPoolExecutor

from tests.parts.cloud import surroundings


def test_what_is_shared_is_made_once_whoever_asks_first(tmp_path):
    around, made = surroundings({}, tmp_path), []
    gate = threading.Barrier(8)

    def ask(_):
        gate.wait(5)
        return around.once("thing", lambda: made.append(1) or object())

    with ThreadPoolExecutor(8) as pool:
        assert len({id(one) for one in pool.map(ask, range(8))}) == 1
    assert made == [1]


def test_one_thing_may_need_another(tmp_path):
    around = surroundings({}, tmp_path)
    assert around.once("outer", lambda: around.once("inner", lambda: 1) + 1) == 2


def test_closing_closes_what_can_be_closed_and_forgets_it(tmp_path):
    class Door:
        closed = 0

        def close(self):
            self.closed += 1

    around = surroundings({}, tmp_path)
    door = around.once("door", Door)
    around.once("number", lambda: 7)
    around.close()
    around.close()
    assert door.closed == 1
    assert around.once("door", Door) is not door


def test_options_are_read_as_texts(tmp_path):
    around = surroundings({}, tmp_path, a=("x", "y"), b="z", c=None)
    assert (around.texts("a"), around.texts("b"), around.texts("absent")) == (("x", "y"), ("z",), ())
    assert (around.text("b"), around.text("c"), around.text("absent")) == ("z", "", "")
