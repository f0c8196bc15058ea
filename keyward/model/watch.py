"""What watches over a project: alert policies and budgets, each as a line among the facts around it."""

from dataclasses import dataclass

_NONE = "none"


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert policy: whether it is on, how many channels that work it tells, and the metrics that it looks at."""

    on: bool
    channels: int
    metrics: tuple[str, ...]
    name: str

    def __str__(self) -> str:
        return "; ".join(
            ("on" if self.on else "off", f"{self.channels} channels", " ".join(self.metrics) or _NONE, self.name)
        )

    @property
    def does(self) -> str:
        """Such as `on, tells 1 channel that works`."""
        channels = f"{self.channels} channel{' that works' if self.channels == 1 else 's that work'}"
        return f"{'on' if self.on else 'off'}, tells {channels}"

    @classmethod
    def of(cls, line: str) -> "Alert":
        """The policy that such a line tells of."""
        on, channels, metrics, name = line.split("; ", 3)
        return cls(on == "on", int(channels.partition(" ")[0]), _words(metrics), name)


@dataclass(frozen=True, slots=True)
class Budget:
    """A budget that counts what a project spends.

    `amount` is such as `100 EUR`, or what it is instead; `percents` are the shares of it at which somebody is told. `covers` is
    `project`, `account` (all of its projects) or `folder` (all in some, which may be others). `part`: of some services or labels only;
    `capped`: what is spent beyond it is refused.
    """

    amount: str
    percents: tuple[int, ...]
    covers: str
    part: bool
    capped: bool
    name: str

    def __str__(self) -> str:
        percents = " ".join(map(str, self.percents)) or _NONE
        of = f"{'part of ' if self.part else ''}{self.covers}"
        return "; ".join((self.amount, f"alerts at % {percents}", of, "cap" if self.capped else "no cap", self.name))

    @property
    def does(self) -> str:
        """Such as `100.00 EUR, told at 50, 90 % of it`."""
        told = f"told at {', '.join(map(str, self.percents))} % of it" if self.percents else "nobody is told"
        of = f", for {'part of ' if self.part else ''}the {self.covers}"
        return f"{self.amount}, {told}{of}{', capped' if self.capped else ''}"

    @classmethod
    def of(cls, line: str) -> "Budget":
        """The budget that such a line tells of."""
        amount, percents, of, cap, name = line.split("; ", 4)
        shares = tuple(map(int, _words(percents.removeprefix("alerts at % "))))
        return cls(amount, shares, of.removeprefix("part of "), of.startswith("part of "), cap == "cap", name)


def _words(text: str) -> tuple[str, ...]:
    return () if text == _NONE else tuple(text.split(" "))
