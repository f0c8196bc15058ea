"""An unforeseen error as text for a bug report: frames and source lines, no locals, no values, no control characters."""

import traceback

from keyward.model.redact import redact
from keyward.model.text import clean_lines


def trace_text(error: BaseException) -> str:
    """Where the error came from, with its causes."""
    trace = "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format())
    return clean_lines(redact(trace))
