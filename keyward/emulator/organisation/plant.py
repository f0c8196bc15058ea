"""Puts an organisation into a world, as if it had grown there."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from keyward.emulator.apikeys.state import ApiKeys
from keyward.emulator.budgets import Budgets
from keyward.emulator.clock import micros
from keyward.emulator.iam import ServiceAccounts
from keyward.emulator.monitoring.alerting import Alerting
from keyward.emulator.monitoring.scopes import MetricsScopes
from keyward.emulator.organisation.plant_accounts import plant_accounts
from keyward.emulator.resourcemanager.tree import Tree
from keyward.emulator.secretmanager.book import Book
from keyward.emulator.secretmanager.planting import plant_secret, plant_version
from keyward.emulator.secretmanager.resources import Parent
from keyward.emulator.usage import Usage

if TYPE_CHECKING:
    from keyward.emulator.organisation.model import Organisation, SampleKey, SampleSecret
    from keyward.emulator.projects import Project
    from keyward.emulator.resourcemanager.tree import Node
    from keyward.emulator.world import World

_AGE_OF_ALL = timedelta(days=3000)


def plant(world: World, organisation: Organisation) -> None:
    """Adds the projects, keys, secrets, service accounts and past use of an organisation to a world."""
    with world.lock:
        begun = organisation.now - _AGE_OF_ALL
        tree = world.state(Tree)
        top = tree.plant_organization(organisation.domain, create_time=begun)
        folders: dict[str, Node] = {}
        for sample in organisation.projects:
            if sample.folder and sample.folder not in folders:
                folders[sample.folder] = tree.plant_folder(sample.folder, top, create_time=begun)
            project = world.new_project(
                sample.id,
                number=sample.number,
                name=sample.name,
                create_time=sample.created,
                parent=folders[sample.folder].name if sample.folder else top.name,
                labels=dict(sample.labels),
                denied=set(sample.denied),
                api_off=set(sample.off),
                api_on=set(sample.called),
            )
            project.billing = "" if sample.billing == "none" else project.billing
            project.billing_open = sample.billing == "open"
            project.bindings = [dict(one) for one in sample.bindings]
            if sample.payer:
                project.billing = f"billingAccounts/{sample.payer}"
                world.state(Budgets).denied.add(project.billing)
            if sample.budget:
                _plant_budget(world, project, sample.budget)
            if sample.alert:
                _plant_alert(world, project, sample.alert)
            for key in sorted(sample.keys, key=lambda key: key.created):
                _plant_key(world, project, key)
            for secret in sorted(sample.secrets, key=lambda secret: secret.created):
                _plant_secret(world, project, secret)
            plant_accounts(world, project, sample)
        _plant_scopes(world, organisation)
        for node in (top, *folders.values()) if organisation.unseen else ():
            node.denied.append("*")


def _plant_budget(world: World, project: Project, budget: str) -> None:
    limits: dict[str, Any] = {"projects": [project.resource], "calendarPeriod": "MONTH"}
    body: dict[str, Any] = {
        "displayName": f"Budget of {project.id}",
        "amount": {"specifiedAmount": {"currencyCode": "EUR", "units": "500"}},
        "budgetFilter": limits,
    }
    if budget != "quiet":
        body["thresholdRules"] = [
            {"thresholdPercent": share, "spendBasis": "CURRENT_SPEND"} for share in (0.5, 0.8, 1.0)
        ]
    if budget in {"capped", "part"}:
        limits |= {"services": ["services/AEFD-7695-64FA"], "creditTypesTreatment": "EXCLUDE_ALL_CREDITS"}
    if budget == "capped":
        body["spendCap"] = {"inputState": "CONFIGURED", "outputState": "CONFIGURED"}
        body["notificationsRule"] = {"enableProjectLevelRecipients": True}
    world.state(Budgets).plant(project.billing, body)


def _plant_alert(world: World, project: Project, alert: str) -> None:
    state = world.state(Alerting)
    labels = {"email_address": f"oncall@{project.id}.example"}
    channel = {"type": "email", "displayName": "On call", "labels": labels, "enabled": alert != "unheard"}
    told = state.plant(project, "notificationChannels", channel)["name"]
    calls = 'metric.type="serviceruntime.googleapis.com/api/request_count" AND resource.type="consumed_api"'
    threshold = {"filter": calls, "comparison": "COMPARISON_GT", "thresholdValue": 50.0, "duration": "300s"}
    policy = {
        "displayName": "Calls of APIs",
        "combiner": "OR",
        "conditions": [{"displayName": "Calls a second", "conditionThreshold": threshold}],
        "notificationChannels": [told],
        "enabled": alert != "off",
    }
    state.plant(project, "alertPolicies", policy)


def _plant_scopes(world: World, organisation: Organisation) -> None:
    every = [world.project(sample.id) for sample in organisation.projects]
    for at in range(0, len(every), organisation.watched_by) if organisation.watched_by else ():
        world.state(MetricsScopes).add(*every[at : at + organisation.watched_by])


def _plant_key(world: World, project: Project, sample: SampleKey) -> None:
    email = ""
    if sample.account:
        accounts = world.state(ServiceAccounts)
        email = f"{sample.account}@{project.id}.iam.gserviceaccount.com"
        if accounts.by_email(email) is None:
            accounts.plant(project, sample.account, display_name=sample.account.replace("-", " ").capitalize())
    key = world.state(ApiKeys).plant(
        project,
        key_id=sample.key_id,
        uid=sample.uid,
        display_name=sample.name,
        restrictions=dict(sample.restrictions),
        annotations=dict(sample.annotations),
        service_account=email,
        create_time=sample.created,
        key_string=sample.value,
    )
    if sample.deleted is not None:
        key.delete_time = key.update_time = sample.deleted
        key.dies_at = sample.deleted + timedelta(minutes=20)
    if sample.leaked:
        key.blocked = "leaked"
    usage = world.state(Usage)
    for use in sample.uses:
        usage.record(project.number, sample.uid, sample.service, code=use.code, count=use.count, when=use.when)


def _plant_secret(world: World, project: Project, sample: SampleSecret) -> None:
    book = world.state(Book)
    replication: dict[str, Any] = {"automatic": {}}
    if sample.user_managed:
        replication = {"userManaged": {"replicas": [{"location": place} for place in sample.user_managed]}}
    rotation = {}
    if sample.rotation_days:
        following = world.clock.now() + timedelta(days=sample.rotation_days)
        rotation = {"nextRotationTime": micros(following), "rotationPeriod": f"{sample.rotation_days * 86400}s"}
    secret = plant_secret(
        book,
        Parent(str(project.number)),
        sample.secret_id,
        sample.created,
        replication=replication,
        labels=dict(sample.labels),
        annotations=dict(sample.annotations),
        aliases=dict(sample.aliases),
        topics=[f"projects/{project.id}/topics/{sample.topic}"] if sample.topic else [],
        rotation=rotation,
        destroy_ttl=sample.destroy_after_days * 86400.0 or None,
    )
    for version in sample.versions:
        plant_version(book, secret, version.payload, version.created, version.state)
