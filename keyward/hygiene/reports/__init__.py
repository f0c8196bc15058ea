"""A check as a report in one of several formats, each with a line that says what was seen. No report holds a value."""

from collections.abc import Callable, Mapping

from keyward.hygiene.checked import Checked
from keyward.hygiene.reports import html, markdown, prometheus, sarif

FORMATS: Mapping[str, Callable[[Checked], str]] = {
    "html": html.page,
    "markdown": markdown.page,
    "prometheus": prometheus.page,
    "sarif": sarif.page,
}
"""What writes each format; JSON and CSV are those of `keyward check`."""
