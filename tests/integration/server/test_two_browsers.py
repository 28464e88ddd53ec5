"""People who are signed in, each in a browser: one starts, two approve; screenshots are build output."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as NotInTime

SignedIn = Any  # the class stands in conftest.py, which tests do not import
SHOTS = Path(__file__).parents[3] / "build-output" / "screenshots"
CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
)
WAIT = 300_000  # milliseconds; a server on SQLite may be held up for minutes on a busy or slow machine
GATES = [
    {"kind": "approval", "name": "business", "approvals": [{"group": "product"}]},
    {"kind": "approval", "name": "operations", "approvals": [{"group": "ops"}]},
]

pytestmark = [
    pytest.mark.prefect,
    pytest.mark.browser,
    pytest.mark.xdist_group("signed-in"),
    pytest.mark.timeout(2400),
]


class Seat:
    """One person at a browser, in the classic UI."""

    def __init__(self, page: Page, server: SignedIn, name: str) -> None:
        self.page, self.server, self.name = page, server, name
        page.set_default_timeout(WAIT)

    def open(self, path: str) -> None:
        self.page.goto(f"{self.server.stack.workspace.ui}{path}")

    def leave(self) -> None:
        """Show nothing: the graph of a run is drawn again and again, as long as its page is open."""
        self.page.goto("about:blank")

    def shoot(self, name: str) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"sign-in-{name}.png", full_page=True)

    def sign_in(self, shot: str = "") -> None:
        """Sign in on Prefect's own page."""
        self.open("/")
        password = self.page.locator("input[type=password]")
        password.fill(self.server[self.name].credentials)
        if shot:
            self.shoot(shot)
        password.press("Enter")
        password.wait_for(state="hidden")
        expect(self.page.get_by_role("link", name="Deployments").first).to_be_visible()

    def field(self, label: str, inside: str = "body") -> Locator:
        properties = self.page.locator(f"{inside} .schema-form-property")
        exact = self.page.locator(".schema-form-property__label").get_by_text(label, exact=True)
        return properties.filter(has=exact).last

    def choose(self, label: str, word: str, inside: str = "body") -> None:
        self.field(label, inside).locator(".p-select-button__control").focus()
        self.page.keyboard.press("ArrowDown")
        option = self.page.locator(".p-select-option").get_by_text(word, exact=True)
        option.click()
        option.wait_for(state="hidden")

    def write(self, label: str, text: str) -> None:
        written = self.field(label).locator("textarea, input").first
        written.fill(text)
        expect(written).to_have_value(text)

    def approve(self, run: str, shot: str) -> None:
        """Open the form of a run that waits, and approve; once more when it was drawn anew meanwhile."""
        self.open(f"/runs/flow-run/{run}")
        self.page.get_by_role("button", name="Resume").first.click()
        modal = self.page.locator(".p-modal")
        for patience in (15_000, 15_000, WAIT):
            self.choose("Decision", "approve", ".p-modal")
            expect(modal.get_by_text("Approver", exact=True)).to_have_count(0)
            expect(modal.get_by_text("Stamp", exact=False)).to_have_count(0)
            self.shoot(shot)
            self.page.get_by_role("button", name="Submit").click()
            with suppress(NotInTime):
                modal.wait_for(state="hidden", timeout=patience)
                self.leave()
                return
        raise AssertionError(f"the form was not taken; see sign-in-{shot}.png")


@pytest.fixture(scope="module")
def sit_down(server: SignedIn) -> Iterator[Callable[[str], Seat]]:
    """Give everybody a browser of their own."""
    assert Path(CHROMIUM).exists(), f"{CHROMIUM}: is not there; run `make setup`"
    expect.set_options(timeout=WAIT)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)

        def sit(name: str) -> Seat:
            context = chromium.new_context(viewport={"width": 1400, "height": 1100})
            return Seat(context.new_page(), server, name)

        yield sit
        chromium.close()


def test_a_wrong_password_gets_nowhere(sit_down: Callable[[str], Seat]) -> None:
    """The page asks again, and shows nothing of what is behind."""
    seat = sit_down("rob")
    seat.open("/deployments")
    password = seat.page.locator("input[type=password]")
    password.fill("rob:wrong password")
    with seat.page.expect_response(lambda answer: answer.status == 401):
        password.press("Enter")
    expect(password).to_be_visible()
    expect(seat.page.get_by_text("release", exact=True)).to_have_count(0)


def test_one_starts_and_both_approve(
    server: SignedIn, sit_down: Callable[[str], Seat], signed_application: Callable[..., Any]
) -> None:
    """Robin starts; Pam of product and Olga of operations approve, each in a browser of their own."""
    app = signed_application(gates=GATES)
    rob, pam, olga = sit_down("rob"), sit_down("pam"), sit_down("olga")
    rob.sign_in(shot="1-page")
    run = _start(rob, server, app)
    server.stack.wait_for(run, "Suspended")
    pam.sign_in()
    pam.approve(run, "3-first-form")
    _until_asked(server, run, "operations")
    olga.sign_in()
    olga.approve(run, "4-second-form")
    server.stack.wait_for(run, "Live")
    answers = [event.body for event in server.stack.events(run, "approval.answered")]
    told = [(body["approver"], body["proved"], body["counted"]) for body in answers]
    assert told == [("pam", True, True), ("olga", True, True)]
    (created,) = server.stack.events(run, "release.created")
    assert (created.actor, created.body["proved"]) == ("rob", True)
    olga.open(f"/runs/flow-run/{run}")
    expect(olga.page.get_by_text("Live", exact=True).first).to_be_visible()
    olga.shoot("5-run")
    olga.leave()
    report = server.stack.report(run)
    assert "pam of product (signed in)" in report
    assert "not proved" not in report
    assert app.live == ["1", "1"]


def _start(seat: Seat, server: SignedIn, app: Any) -> str:
    """Fill in the start form, which does not ask who it is; gives the run."""
    deployment = server.stack.client.read_deployment_by_name("release/release")
    seat.open(f"/deployments/deployment/{deployment.id}/run")
    seat.choose("Application", app.name)
    seat.choose("Environment", "production")
    seat.write("Version", "1")
    seat.write("Summary", "The shop opens")
    seat.write("Reason", "Opening day")
    seat.choose("Risk", "medium")
    expect(seat.page.get_by_text("Requested By", exact=True)).to_have_count(0)
    seat.shoot("2-start-form")
    before = server.stack.running()
    for patience in (90_000, 90_000, WAIT):  # a form that the server was too busy for is still there
        seat.page.get_by_role("button", name="Submit").click()
        with suppress(NotInTime):
            seat.page.wait_for_url(lambda url: not url.endswith("/run"), timeout=patience)
            break
    run = str(server.stack.begun_since(before))
    seat.leave()
    return run


def _until_asked(server: SignedIn, run: str, gate: str) -> None:
    """Wait until the run waits for the next gate."""

    def asked() -> bool:
        events = server.stack.events(run, "approval.asked")
        return events[-1].body["gate"] == gate and bool(server.stack.state(run).is_paused())

    server.eventually(asked, f"asked at {gate}")
