"""Puts the service accounts of an organisation into a world, with their keys and past use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keyward.emulator.accountkeys.holes import Holes
from keyward.emulator.accountkeys.state import AccountKeys
from keyward.emulator.authentications import Authentications
from keyward.emulator.iam import ServiceAccounts
from keyward.emulator.storage.state import HmacKeys

if TYPE_CHECKING:
    from keyward.emulator.organisation.model import SampleAccount, SampleProject
    from keyward.emulator.projects import Project
    from keyward.emulator.world import World


def plant_accounts(world: World, project: Project, sample: SampleProject) -> None:
    """Adds the accounts of a project; callers hold the world's lock."""
    for account in sample.accounts:
        _plant(world, project, account)
    if any(version.account_parts for secret in sample.secrets for version in secret.versions):
        world.state(Holes).open = True


def _plant(world: World, project: Project, sample: SampleAccount) -> None:
    accounts = world.state(ServiceAccounts)
    account = accounts.plant(project, sample.id, display_name=sample.name, unique_id=sample.unique_id)
    keys, hmacs, past = world.state(AccountKeys), world.state(HmacKeys), world.state(Authentications)
    for key in sorted(sample.keys, key=lambda key: key.created):
        permanent = key.disabled in {"EXPOSED", "COMPROMISE_DETECTED"}
        keys.plant(
            account,
            key_id=key.key_id,
            made=key.created,
            valid_before=key.expires,
            origin=key.origin,
            disabled=bool(key.disabled),
            disable_reason=key.disabled,
            extended={key.disabled: key.text} if permanent else {},
        )
        for use in key.uses:
            past.record(project.number, account.unique_id, key.key_id, count=use.count, when=use.when)
    for hmac in sorted(sample.hmac, key=lambda key: key.created):
        hmacs.plant(account, created=hmac.created, state=hmac.state, access_id=hmac.access_id, secret=hmac.secret)
