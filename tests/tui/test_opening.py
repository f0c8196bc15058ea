"""A screen in the moment in which it opens."""

from keyward.model.errors import NotConfigured
from keyward.tui.screens.coverage import CoverageScreen
from keyward.tui.screens.history import HistoryScreen
from keyward.tui.screens.plan import PlanScreen
from tests.parts.desk import Desk, loaded, row, shown


async def test_a_screen_that_is_being_opened_may_be_told_before_it_has_widgets(opened):
    """The scan that ends, or the write mode that is left, in the very moment a screen opens."""
    nothing = NotConfigured("nothing here")
    desk = Desk([row(1)], plan=nothing, rotations=nothing)
    async with opened(desk) as (app, pilot):
        for screen in (PlanScreen([row(1).id]), CoverageScreen(), HistoryScreen()):
            app.push_screen(screen)
            app.tell(age=f"told {screen.heading}")
            await loaded(app, pilot)
            assert f"told {screen.heading}" in shown(app).splitlines()[0]
            await pilot.press("escape")
            await pilot.pause()
