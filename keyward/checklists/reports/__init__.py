"""A run of a checklist in one of several formats. None holds a value; in each stands what the run rests on."""

from collections.abc import Callable, Mapping

from keyward.checklists.reports import badge, html, markdown
from keyward.checklists.result import Run

FORMATS: Mapping[str, Callable[[Run], str]] = {"markdown": markdown.page, "html": html.page, "badge": badge.line}
