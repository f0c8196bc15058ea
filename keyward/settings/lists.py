"""Lists of tables in a settings file, such as `[[env]]`: one dataclass a list, loaded when a file has such a list or somebody makes one."""

# ruff: noqa: RUF009  # `setting` makes a dataclass field; the rule cannot see that

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from keyward.settings.readers import (
    answer,
    argv,
    bound,
    day,
    day_count,
    folder,
    page,
    project_pattern,
    provider_id,
    rule_ids,
    rule_query,
    service_account,
    topic,
    variables,
)
from keyward.settings.setting import setting
from keyward.settings.values import duration, number, one_of, text, texts, yes_or_no


@dataclass(frozen=True, slots=True)
class EnvFolder:
    """One folder whose env files are read."""

    path: Path = setting(folder, Path(), "the folder", required=True)
    depth: int = setting(number, 4, "how deep below it files are looked for")
    ignore: tuple[str, ...] = setting(
        texts,
        (),
        "files and folders to leave out: a name anywhere below (fixtures, *.test.env) or a path from it (old/vendor)",
    )


@dataclass(frozen=True, slots=True)
class RotationRule:
    """Which keys are rotated at which age; None leaves the rest to `[rotation]`."""

    match: str = setting(
        rule_query, "", "a query without display names, such as project:acme-prod kind:api-key", required=True
    )
    max_age: timedelta = setting(duration, timedelta(0), "at which age a key is due", required=True)
    grace: timedelta | None = setting(duration, None, "how long both keys work after cut-over")
    soak: timedelta | None = setting(duration, None, "how long a disabled key stays restorable")
    quiet: timedelta | None = setting(duration, None, "how long the old key must be unused")
    retire_by: timedelta | None = setting(duration, None, "when to ask a person although use is unknown or goes on")
    retire: str | None = setting(one_of("auto", "never"), None, "whether the old key goes when it is quiet, or never")


@dataclass(frozen=True, slots=True)
class Consumer:
    """A command that is run when a target changed."""

    match: str = setting(text, "", "a pattern of place or secret ids, such as gsm:acme-prod/web-*", required=True)
    run: tuple[str, ...] = setting(
        argv, (), "program and arguments, such as ['kubectl', 'rollout', 'restart', 'deploy/web']", required=True
    )
    ready: tuple[str, ...] = setting(argv, (), "program and arguments; run again and again until it succeeds")
    refresh: timedelta = setting(duration, timedelta(0), "how long readers may keep the old value after that")
    timeout: timedelta = setting(duration, timedelta(minutes=10), "how long run, and then ready, may take")
    stdin: str = setting(one_of("none", "value"), "none", "value: the new value goes to the standard input of run")
    env: tuple[str, ...] = setting(variables, (), "names of environment variables that are passed on")


@dataclass(frozen=True, slots=True)
class Gap:
    """A source that need not be seen until a date."""

    match: str = setting(text, "", "a pattern of source ids, such as google-api-keys:acme-old*", required=True)
    owner: str = setting(text, "", "who accepted it", required=True)
    until: date = setting(
        day, date.min, "the last day (UTC) on which it does not count, such as 2027-01-31", required=True
    )
    why: str = setting(text, "", "why")


@dataclass(frozen=True, slots=True)
class IdentityRule:
    """As whom Google is asked about some projects; the first that matches is taken, and what it leaves out is as for all others."""

    match: str = setting(project_pattern, "", "projects, such as project:acme-*-prod", required=True)
    read: str = setting(service_account, "", "service account to act as for reading")
    write: str = setting(service_account, "", "service account to act as for whatever changes something")


@dataclass(frozen=True, slots=True)
class Attest:
    """What a person vouches for until a day: nothing is used, read or kept by that provider, as the topic has it."""

    provider: str = setting(provider_id, "", "id of a provider, such as openai", required=True)
    topic: str = setting(topic, "", "improvement, training, opt-out, people, zero-retention ...", required=True)
    by: str = setting(text, "", "who says so", required=True)
    until: date = setting(day, date.min, "the last day (UTC) on which it holds, such as 2027-01-31", required=True)
    match: str = setting(
        text, "*", "a pattern of key ids, such as google-api-keys:acme-*; of projects as project:acme-*"
    )
    why: str = setting(text, "", "what it rests on, such as a contract")


@dataclass(frozen=True, slots=True)
class OwnStatement:
    """A statement about a provider, in place of the catalog's of that id or beside the others."""

    provider: str = setting(provider_id, "", "id of a provider, such as openai", required=True)
    id: str = setting(text, "", "the statement's id at that provider", required=True)
    topic: str = setting(topic, "", "what it is about, such as training or kept", required=True)
    answer: str = setting(answer, "", "yes, no, limited or unknown", required=True)
    said: str = setting(text, "", "the statement as a sentence", required=True)
    checked: date = setting(day, date.min, "the day on which it was checked, such as 2026-11-20", required=True)
    tiers: tuple[str, ...] = setting(texts, (), "tiers for which it holds, such as unpaid; empty: all")
    surface: str = setting(text, "", "the part of the service that it is about")
    days: int | None = setting(day_count, None, "how long something is kept")
    control: str = setting(text, "", "what can be done about it")
    where: str = setting(page, "", "the page on which that is done")
    proof: str = setting(text, "", "attest, or the request whose answer shows it; empty: it holds for everybody")
    shows: str = setting(text, "", "which answer shows it")
    source: str = setting(page, "", "the page that it was taken from")


@dataclass(frozen=True, slots=True)
class PolicyTable:
    """What holds for rules of hygiene at some subjects; each setting is taken from the first table that fits and has it."""

    rule: str = setting(rule_ids, "", "a rule such as KW-101, or several such as KW-1*", required=True)
    match: str = setting(rule_query, "project:*", "a query without display names, such as project:acme-prod")
    limit: timedelta | int | None = setting(
        bound, None, "the rule's threshold: a length such as 30d or a number, as `keyward explain RULE` says"
    )
    severity: str | None = setting(
        one_of("critical", "high", "medium", "low", "info"), None, "how bad it is that the rule is broken there"
    )
    off: bool | None = setting(yes_or_no, None, "true: the rule does not hold there")


@dataclass(frozen=True, slots=True)
class ExceptionTable:
    """Findings that somebody accepts until a date."""

    rule: str = setting(rule_ids, "", "a rule such as KW-401, or several such as KW-4*", required=True)
    match: str = setting(
        rule_query, "", "a query without display names, such as id:google-api-keys:acme-old/*", required=True
    )
    owner: str = setting(text, "", "who accepted it", required=True)
    until: date = setting(day, date.min, "the last day (UTC) of it, such as 2027-01-31", required=True)
    why: str = setting(text, "", "why", required=True)


@dataclass(frozen=True, slots=True)
class Environment:
    """Which environment a project belongs to, where its labels `env` and `environment` do not say it."""

    name: str = setting(text, "", "such as prod", required=True)
    match: str = setting(project_pattern, "", "projects, such as project:acme-*-prod", required=True)
