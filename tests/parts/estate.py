"""Small estates for rules: keys, secrets and facts with only what a test is about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from keyward.hygiene.estate import Estate
from keyward.model.about import About, Known, What
from keyward.model.credential import Credential, Kind, Restrictions, State
from keyward.model.ids import CredentialRef, PlacementRef, SecretRef
from keyward.model.placement import Placement, Role
from keyward.model.secretinfo import SecretInfo, Version, VersionState
from keyward.model.usage import LastUse, UseStatus

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PROJECT = "acme-prod"


def ago(days):
    """So many days before now."""
    return NOW - timedelta(days=days)


def key(local="one", /, *, provider="google-api-keys", project=PROJECT, days=10, kind=Kind.API_KEY, **more):
    """A key that was made so many days ago, restricted to one API; `days` None: nobody knows when."""
    ref = CredentialRef(provider, project, tuple(local.split("/")))
    given = {
        "created": None if days is None else ago(days),
        "restrictions": Restrictions(("translate.googleapis.com",)),
        "state": State.ACTIVE,
        **more,
    }
    return Credential(ref, kind, **given)


def used(days, window=42, source="Monitoring"):
    """Last used so many days ago."""
    return LastUse(UseStatus.USED, ago(days), window, source)


def silent(status, window=42, source="Monitoring"):
    """No use known, and of which kind."""
    return LastUse(status, None, window, source)


def secret(name="web", /, *, project=PROJECT, versions=1, store="gsm", **more):
    """A secret with so many enabled versions, newest first."""
    ref = SecretRef(store, (project, name) if store == "gsm" else (name,), project)
    made = tuple(Version(str(number), VersionState.ENABLED, ago(100 - number)) for number in range(versions, 0, -1))
    return SecretInfo(ref, **{"created": ago(100), "current": made[0].id if made else None, "versions": made, **more})


def place(held, info, *, version=None, part="", role=Role.CURRENT, **more):
    """That secret holds that key."""
    return Placement(PlacementRef(info.ref, version or info.current, part), held.ref, role, **more)


def about(subject, what, *values, status=Known.KNOWN, detail=""):
    """A fact around a project or secret."""
    return About(subject, What(what), status, values, NOW, detail)


def estate(*parts, **more):
    """Everything of these keys, secrets, placements and facts."""
    made = Estate(NOW, keys={}, secrets={}, placements={}, held={}, about={})
    for one in parts:
        if isinstance(one, Credential):
            made.keys[one.id] = one
        elif isinstance(one, SecretInfo):
            made.secrets[str(one.ref)] = one
        elif isinstance(one, Placement):
            made.placements.setdefault(str(one.credential), []).append(one)
            made.held.setdefault(str(one.at.secret), []).append(one)
        else:
            made.about[one.subject, one.what] = one
    projects = sorted({one.ref.scope for one in (*made.keys.values(), *made.secrets.values())})
    return replace(made, **{"projects": tuple(projects), **more})


def judged(rule, subject, world, limit=None):
    """The judgements of a rule, under its own limit unless another one is given."""
    return tuple(rule.judge(subject, world, rule.limit if limit is None else limit))


def results(rule, subject, world, limit=None):
    """How it ended, in words."""
    return [one.result.value for one in judged(rule, subject, world, limit)]
