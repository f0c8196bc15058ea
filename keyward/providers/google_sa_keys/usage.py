"""When keys were used, from Cloud Monitoring and, for what is older than its record, from Policy Analyzer: one question each a project.

The metric is `iam.googleapis.com/service_account/key/authn_events_count` on `iam_service_account`; the key is the metric label `key_id`.
It is sampled every ten minutes and seen up to three hours later; keys that are disabled are not in it. It counts signatures that were
checked without a token too, and failed ones. Calls with an API key that is bound to the account are in neither record.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from keyward.google.series import WINDOW, Question, ask
from keyward.providers.google_sa_keys.activities import activities

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx
    from keyward.model.usage import UsageReport

LAG = timedelta(hours=3)
_QUESTION = Question(
    filter=(
        'metric.type="iam.googleapis.com/service_account/key/authn_events_count"'
        ' AND resource.type="iam_service_account"'
    ),
    group=("metric.labels.key_id",),
    key="key_id",
    lag=LAG,
)


def usage(parts: "GoogleParts", scope: str, since: datetime, ctx: "Ctx") -> "UsageReport":
    """Use of all keys of the project since then: in hours for the last ten days, in days for six weeks, the last day beyond."""
    report = replace(ask(parts, _QUESTION, scope, since, ctx), leaves_out_off=True)
    if since >= ctx.now - WINDOW - timedelta(days=1):
        return report
    return replace(report, second=activities(parts, scope, ctx))
