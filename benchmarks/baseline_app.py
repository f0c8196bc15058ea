"""An app with one Static: what the toolkit itself costs."""

from textual.app import App, ComposeResult
from textual.widgets import Static


class Least(App[None]):
    """One text."""

    def compose(self) -> ComposeResult:
        """The text that the measurement waits for."""
        yield Static("least-app-is-here")


if __name__ == "__main__":
    Least().run()
