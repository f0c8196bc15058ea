"""Lines without end in a place of its own height. What they cost depends on the place, and scrolling lays nothing out anew."""

from typing import TYPE_CHECKING

from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.strip import Strip

if TYPE_CHECKING:
    from textual.color import Color
    from textual.filter import LineFilter


class Scrolled(ScrollView):
    """A view of lines that a subclass makes. Its height does not depend on how many there are."""

    _filters: "tuple[LineFilter, ...]" = ()
    _backdrop: "Color | None" = None

    def line(self, y: int, top: int, width: int) -> Strip:
        """The line at that height of the window, `finished`; `top` is what the window begins with."""
        raise NotImplementedError

    def forget(self) -> None:
        """Forget how every line looked."""
        raise NotImplementedError

    # Painting

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines as the screen takes them.

        Without a border nothing is drawn round a line, and what the app lays over every line is laid over it when it is made, not in every frame.
        """
        if self.styles.gutter:
            return super().render_lines(crop)
        self._look()
        top, width = self.scroll_offset.y, self.size.width
        strips = [self.line(y, top, width) for y in crop.line_range]
        x1, x2 = crop.column_span
        return strips if (x1, x2) == (0, width) else [strip.crop(x1, x2) for strip in strips]

    def render_line(self, y: int) -> Strip:
        """One line of the window."""
        self._look()
        return self.line(y, self.scroll_offset.y, self.size.width)

    def _look(self) -> None:
        """See whether the app lays something else over every line now."""
        filters = tuple(self.get_line_filters())
        if filters != self._filters:
            self._filters = filters
            self.forget()

    def finished(self, strip: Strip) -> Strip:
        """The line with everything that the app lays over it."""
        if self._backdrop is None:
            self._backdrop = self.background_colors[1]
        for one in self._filters:
            strip = strip.apply_filter(one, self._backdrop)
        return strip

    def notify_style_update(self) -> None:
        """Colours changed: every line is stale."""
        super().notify_style_update()
        self._backdrop = None
        self.forget()

    # Scrolling

    def stretch(self, lines: int) -> None:
        """So many lines could be scrolled through now. Textual would lay the whole screen out anew for that."""
        size = Size(self.size.width, lines)
        if size != self.virtual_size:
            self.set_reactive(Scrolled.virtual_size, size)
            self._scroll_update(size)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Other lines are in the window. The bar beside them is painted only when that can be seen on it."""
        if round(old_value) != round(new_value):
            self.refresh(self.size.region)
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.set_reactive(ScrollBar.position, new_value)
            if self._notch(old_value) != self._notch(new_value):
                self.vertical_scrollbar.refresh()

    def _notch(self, top: float) -> int:
        """Where the thumb of the bar begins when that is the first line of the window, in the eighths of a cell in which it is drawn."""
        bar = self.vertical_scrollbar
        height, window, whole = bar.size.height, bar.window_size, bar.window_virtual_size
        if whole <= window:
            return 0
        return int(8 * (height - max(1, window * height / whole)) * top / (whole - window))
