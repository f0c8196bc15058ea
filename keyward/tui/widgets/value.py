"""The one widget that shows a value, for as long as it is told to."""

from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from keyward.model.secret import Secret
from keyward.model.text import clean_lines

_MOST = 12
"""Lines at most."""


class Value(Widget):
    """A value, wrapped. It is read out of its `Secret` line by line while it is painted, and kept in no other form."""

    DEFAULT_CSS = """
    Value { height: auto; background: $boost; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._secret: Secret | None = None

    @property
    def shows(self) -> bool:
        """Whether a value is shown."""
        return self._secret is not None

    @property
    def secret(self) -> Secret | None:
        """What is shown."""
        return self._secret

    def show(self, secret: Secret) -> None:
        """Show it."""
        self._secret = secret
        self.refresh(layout=True)

    def blank(self) -> None:
        """Forget it, and what was painted of it."""
        self._secret = None
        self._styles_cache.clear()
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002  # Textual's signature
        """As many lines as it takes, up to a dozen."""
        return max(1, min(_MOST, len(self._rows(width))))

    def render_line(self, y: int) -> Strip:
        """One line of it. Every character is a segment of its own: texts of segments are remembered by their measure."""
        width = self.content_size.width
        rows = self._rows(width)
        row = rows[y] if y < min(len(rows), _MOST) else ""
        if y == _MOST - 1 and len(rows) > _MOST:
            row = f"... {len(rows) - _MOST + 1} lines more"
        return Strip([Segment(one, self.rich_style) for one in row]).adjust_cell_length(width, self.rich_style)

    def _rows(self, width: int) -> list[str]:
        if self._secret is None:
            return []
        text = clean_lines(self._secret.reveal_text())
        size = max(1, width)
        return [line[at : at + size] for line in text.split("\n") for at in range(0, max(1, len(line)), size)]
