"""Every way to die in a story: enumerated, not sampled, unless a share is asked for.

`KEYWARD_CRASH=full` in the environment asks for everything; without it each test takes a share that changes with the configuration.

What a process leaves when it dies is kept as bytes at each point of its life, and the story goes on from there: nothing is told twice.
Two deaths that leave the same bytes have the same future, which is lived once and counted for both.
"""

import hashlib
import itertools
import os

from tests.rotation.story import MOST_LIVES, Story, problems, zombie

FULL = os.environ.get("KEYWARD_CRASH") == "full"


class Tally:
    """What was tried, and what was wrong: by what happened, the first place where it did.

    `fired` is how many ways to die (or to freeze) there were, `runs` how many different futures were lived to their end.
    """

    def __init__(self, share=1):
        self.runs = self.fired = self.fenced = 0
        self.wrong: dict[str, tuple] = {}
        self._share, self._count = 1 if FULL else share, itertools.count()

    def turn(self):
        """Whether this one is in the share."""
        return next(self._count) % self._share == 0

    def judge(self, story, where, fired=1):
        self.runs += 1
        self.fired += fired
        for problem in problems(story):
            self.wrong.setdefault(problem, where)


def beginnings(**story):
    """The lives of an undisturbed story: the number of each, what there is before it, and how many points and answers it has."""
    told = Story(**story)
    for life in range(MOST_LIVES):
        kept = told.kept()
        told.life()
        yield life, kept, told.points, told.answers
        if told.closed:
            return
        told.rest()


def crashes(tally, deaths, **story):
    """So many crashes: each at every point of every life that comes after the one before."""
    tally.fired += _Deaths(tally).after(Story(**story), deaths, ())
    return tally


class _Deaths:
    """The futures of one story that were lived already: by what a death left, how many ways to die there are in them."""

    def __init__(self, tally):
        self._tally, self._known = tally, {}

    def after(self, told, deaths, where):
        """Go on from there and die so many times more. Gives in how many ways."""
        if not deaths:
            told.finish()
            self._tally.judge(told, where, fired=0)
            return 1
        ways = 0
        while not told.closed and told.lives < MOST_LIVES:
            if told.lives:
                told.rest()
            left = []
            told.life(watch=lambda _, point, left=left: left.append((point, told.kept())))
            ways += sum(self._died(kept, deaths - 1, (*where, (told.lives, point))) for point, kept in left)
        return ways

    def _died(self, kept, deaths, where):
        name = (deaths, hashlib.blake2b(kept, digest_size=16).digest())
        if name not in self._known:
            wanted = self._tally.turn()
            self._known[name] = self.after(Story.taken_up(kept), deaths, where) if wanted else 0
        return self._known[name]


def zombies(tally, **story):
    """A life frozen at every point while another one finishes, then woken."""
    for life, kept, points, _ in beginnings(**story):
        for point in range(1, points + 1):
            if not tally.turn():
                continue
            told = Story.taken_up(kept)
            told.world.strict = False
            frozen, fenced = zombie(told, point)
            told.finish()
            tally.fenced += fenced
            tally.judge(told, (life, point), frozen)
    return tally


def lost_answers(tally, **story):
    """The answer to every effect of every life is lost: it was done, and nobody hears so."""
    for life, kept, _, answers in beginnings(**story):
        for answer in range(1, answers + 1):
            told = Story.taken_up(kept)
            told.life(lose={answer})
            told.finish()
            tally.judge(told, (life, answer))
    return tally
