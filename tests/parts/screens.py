"""One screen of each kind, opened on a desk that answers everything: for tests that walk through all of them.

A new screen is added to `made`, and what it asks the desk for to `desk`; if that changes nothing anywhere, its name to `READS`.
"""

from keyward.desk.revealing import Readable
from keyward.desk.wish import ScanSummary
from keyward.ledger.records import RotationRow, RotationState
from keyward.model.credential import Credential, Kind, State
from keyward.model.errors import NotConfigured
from keyward.model.ids import CredentialRef
from keyward.providers.interface import Want
from keyward.rotation.history import History, Line
from keyward.rotation.policy import Policy
from keyward.rotation.state import KeyFacts, Rotation
from keyward.tui.actions import Where
from keyward.tui.live import KeyLive, Live
from tests.parts import found, proved
from tests.parts.desk import NOW, OK, Desk, row
from tests.tui.test_doctor import LINES, TROUBLES, doctor
from tests.tui.test_plan import PLACES, planner
from tests.tui.test_settings import SETTINGS
from tests.tui.test_welcome import begun

REF = CredentialRef("google-api-keys", "acme-prod", ("11111111-2222",))
KEY = str(REF)
PROD = {"id": KEY, "name": "maps", "scope": "acme-prod"}
READS = frozenset(
    {
        "check_trail",
        "copies",
        "readable",
        "usage",
        "where_used",
        "timeline",
        "doctor",
        "configured",
        "troubles",
        "look_here",
        "look_at_google",
        "plan",
        "rotations",
        "history",
        "show",
        "ask_around",
        "scan",
        "judge",
        "judge_keys",
        "of_key",
        "show_secret",
        "providers",
        "provider",
        "places",
        "names",
        "subjects",
        "run",
        "who",
    }
)
"""What a screen may ask of a desk without changing anything anywhere."""


def rotation(state=RotationState.OVERLAP, key=KEY, **more):
    """A rotation as the ledger lists it."""
    old = {"id": key, "name": "maps"}
    return RotationRow("01m7abc", key, state, {"old": old}, actor="ana", created=NOW, **more)


def history(id="01m7abc"):  # noqa: A002  # what a rotation calls it
    """The story of one rotation of the key of production."""
    key = Credential(REF, Kind.API_KEY, State.ACTIVE, name="maps")
    turned = Rotation(id, KeyFacts.of(key), Want("acme-prod"), Policy(), state=RotationState.OVERLAP)
    line = Line(1, NOW, "ana", "host", "outcome", "write", "gsm:p/s", "2", "3", evidence="read back", ok=True)
    return History(turned, (line,), NOW, NOW, None, ())


def live():
    """A run that is over for now, of the key of production."""
    one = Live("go on", [KeyLive(KEY, "maps")], "01m7abc")
    one.remember(history(), NOW)
    one.ended(())
    return one


def desk(**more):
    """A desk with one key of production and one rotation; what would change something is only written down."""
    record = {"id": KEY, "provider": "google-api-keys", "scope": "acme-prod", "name": "maps", "last_used": {}}
    key = Credential(REF, Kind.API_KEY, State.ACTIVE, name="maps")
    answers = {
        "plan": planner(tuple(PLACES[:1])),
        "rotations": lambda **_: [rotation()],
        "history": history(),
        "show": lambda _: {"key": record, "rotations": [], "sources": []},
        "ask_around": None,
        "scan": ScanSummary(NOW, ()),
        "doctor": doctor(LINES),
        "troubles": TROUBLES,
        "configured": SETTINGS,
        "look_here": begun(),
        "look_at_google": ((), False),
        "copies": (("id", KEY),),
        **dict.fromkeys(("usage", "where_used", "timeline"), NotConfigured("nothing here")),
        "judge": (found.checked(), ()),
        "of_key": found.checked(),
        "show_secret": None,
        **found.catalog(),
        **proved.lists(),
        "readable": Readable("google-api-keys:acme-prod"),
        **dict.fromkeys(("apply", "go_on", "undo", "hand_in"), lambda *_, **__: ()),
        **more,
    }
    one = Desk([row(1, **PROD), row(2, scope="acme-dev", name="toys")], [OK], **answers)
    one._cache.credential, one._cache.uses = lambda _: key, lambda _: []
    return one


def made():
    """A function for each screen that makes one; None for the inventory, which is always there."""
    from keyward.tui.columns import Choice
    from keyward.tui.screens.checklist import ChecklistScreen
    from keyward.tui.screens.checklists import ChecklistsScreen
    from keyward.tui.screens.choosing import ChooseScreen
    from keyward.tui.screens.coverage import CoverageScreen
    from keyward.tui.screens.doctor import DoctorScreen
    from keyward.tui.screens.findings import FindingsScreen
    from keyward.tui.screens.history import HistoryScreen
    from keyward.tui.screens.key import KeyScreen
    from keyward.tui.screens.mending import MendingScreen
    from keyward.tui.screens.plan import PlanScreen
    from keyward.tui.screens.providers import ProvidersScreen
    from keyward.tui.screens.record import RecordScreen
    from keyward.tui.screens.rotation import RotationScreen
    from keyward.tui.screens.settings import SettingsScreen
    from keyward.tui.screens.sorting import SortScreen
    from keyward.tui.screens.welcome import WelcomeScreen

    return {
        Where.INVENTORY: None,
        Where.KEY: lambda: KeyScreen(KEY),
        Where.COVERAGE: CoverageScreen,
        Where.PLAN: lambda: PlanScreen([KEY]),
        Where.ROTATION: lambda: RotationScreen(live()),
        Where.FINDINGS: FindingsScreen,
        Where.PROVIDERS: ProvidersScreen,
        Where.CHECKLISTS: ChecklistsScreen,
        Where.CHECKLIST: lambda: ChecklistScreen(proved.LIST, ("project:acme-prod",)),
        Where.HISTORY: HistoryScreen,
        Where.RECORD: lambda: RecordScreen("01m7abc"),
        Where.DOCTOR: DoctorScreen,
        Where.MENDING: MendingScreen,
        Where.SETTINGS: SettingsScreen,
        Where.WELCOME: WelcomeScreen,
        Where.LIST: lambda: SortScreen(("name", "age"), "age", down=False),
        Where.COLUMNS: lambda: ChooseScreen(Choice()),
    }
