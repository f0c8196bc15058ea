"""When keys were used, from Cloud Monitoring: one question for a whole project.

The metric is `serviceruntime.googleapis.com/api/request_count` on `consumed_api`; the key is the resource label `credential_id`,
`apikey:<uid>`. Google shows it up to half an hour late and keeps it for six weeks. Failed calls count too.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from keyward.google.series import Question, ask

if TYPE_CHECKING:
    from keyward.google.parts import GoogleParts
    from keyward.model.context import Ctx
    from keyward.model.usage import UsageReport

LAG = timedelta(minutes=30)
_QUESTION = Question(
    filter=(
        'metric.type="serviceruntime.googleapis.com/api/request_count" AND resource.type="consumed_api"'
        ' AND resource.labels.credential_id=starts_with("apikey:")'
    ),
    group=("resource.labels.credential_id", "resource.labels.service", "metric.labels.response_code_class"),
    key="credential_id",
    lag=LAG,
    prefix="apikey:",
)


def usage(parts: "GoogleParts", scope: str, since: datetime, ctx: "Ctx") -> "UsageReport":
    """Use of all keys of the project since then, at most six weeks; in hours for the last ten days, in days beyond."""
    return ask(parts, _QUESTION, scope, since, ctx)
