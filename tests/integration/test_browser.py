"""A release manager's way through the Prefect UI, in a real browser; screenshots are kept as build output."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as NotInTime
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterFlowRunId, ArtifactFilterKey

Stack = Any  # the classes stand in conftest.py, which tests do not import
SHOTS = Path(__file__).parents[2] / "build-output" / "screenshots"
CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WARM = """\
mkdir out
cat >out/warm-up <<'END'
echo 'connecting to the cache'
test -e ../../shared/cache-$1 || { echo 'cache.internal: no answer in 5 s'; exit 1; }
END
"""
WAIT = 300_000  # milliseconds; a server may be held up for minutes on a busy or slow machine

pytestmark = [
    pytest.mark.prefect,
    pytest.mark.browser,
    pytest.mark.xdist_group("prefect"),
    pytest.mark.timeout(2400),
]


class Browser:
    """What a person does in the classic UI."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address

    def open(self, path: str) -> None:
        self.page.goto(f"{self.address}{path}")

    def leave(self) -> None:
        """Show nothing: the graph of a run is drawn again and again, as long as its page is open."""
        self.page.goto("about:blank")

    def shoot(self, name: str) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png", full_page=True)

    def field(self, label: str, inside: str = "body") -> Locator:
        """Find a field of a form by its label."""
        properties = self.page.locator(f"{inside} .schema-form-property")
        exact = self.page.locator(".schema-form-property__label").get_by_text(label, exact=True)
        return properties.filter(has=exact).last

    def choose(self, label: str, word: str, inside: str = "body") -> None:
        self.field(label, inside).locator(".p-select-button__control").focus()
        self.page.keyboard.press("ArrowDown")
        option = self.page.locator(".p-select-option").get_by_text(word, exact=True)
        option.click()
        option.wait_for(state="hidden")

    def options(self, label: str) -> list[str]:
        self.field(label).locator(".p-select-button__control").focus()
        self.page.keyboard.press("ArrowDown")
        options = self.page.locator(".p-select-option")
        options.first.wait_for()
        found = [each.strip() for each in options.all_inner_texts()]
        self.page.keyboard.press("Escape")
        options.first.wait_for(state="hidden")
        return [each for each in found if each]

    def answer(
        self, decision: str, who: str = "", texts: Mapping[str, str] = MappingProxyType({}), shot: str = ""
    ) -> None:
        """Fill a form of a run that waits in, and submit it; one that was drawn anew meanwhile once more."""
        modal = self.page.locator(".p-modal")
        for patience in (15_000, 15_000, WAIT):
            self.choose("Decision", decision, ".p-modal")
            if who:
                self.choose("Approver", who, ".p-modal")
            for label, text in texts.items():
                self.write(label, text)
            if shot:
                self.shoot(shot)
            self.page.get_by_role("button", name="Submit").click()
            with suppress(NotInTime):
                modal.wait_for(state="hidden", timeout=patience)
                self.leave()
                return
            self.shoot("not-taken")
        raise AssertionError("the form was not taken; see not-taken.png")

    def write(self, label: str, text: str) -> None:
        written = self.field(label).locator("textarea, input").first
        written.fill(text)
        expect(written).to_have_value(text)


def artifact(stack: Stack, run: str, key: str) -> str:
    """Find the newest artifact of a key that a run has made."""
    mine = ArtifactFilter(
        flow_run_id=ArtifactFilterFlowRunId(any_=[UUID(run)]), key=ArtifactFilterKey(any_=[key])
    )
    found = stack.client.read_artifacts(artifact_filter=mine)
    return str(max(found, key=lambda each: str(each.created)).id)


@pytest.fixture(scope="module")
def browser(stack: Stack) -> Iterator[Browser]:
    assert Path(CHROMIUM).exists(), f"{CHROMIUM}: is not there; run `make setup`"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = chromium.new_page(viewport={"width": 1400, "height": 1100})
        page.set_default_timeout(WAIT)
        expect.set_options(timeout=WAIT)
        yield Browser(page, stack.workspace.ui)
        chromium.close()


@pytest.fixture(scope="module")
def started(stack: Stack, browser: Browser) -> str:
    """Fill in the start form as a release manager would; gives the run."""
    deployment = stack.client.read_deployment_by_name("release/release")
    browser.open(f"/deployments/deployment/{deployment.id}/run")
    browser.choose("Application", "storefront")
    assert browser.options("Environment") == ["staging", "production"]
    browser.choose("Environment", "production")
    browser.write("Version", "2.3.0")
    browser.write("Summary", "The shop opens")
    browser.write("Reason", "Opening day")
    assert browser.options("Risk") == ["low", "medium", "high"]
    browser.choose("Risk", "medium")
    browser.write("Risk Note (Optional)", "Prices might be wrong | we would take it back")
    browser.write("Requested By", "robin")
    browser.shoot("1-start-form")
    before = stack.running()
    for patience in (90_000, 90_000, WAIT):  # a form that the server was too busy for is still there
        browser.page.get_by_role("button", name="Submit").click()
        with suppress(NotInTime):
            browser.page.wait_for_url(lambda url: not url.endswith("/run"), timeout=patience)
            break
    run = str(stack.begun_since(before))
    browser.leave()
    return run


@pytest.fixture(scope="module")
def approved(stack: Stack, browser: Browser, started: str, eventually: Callable[..., Any]) -> str:
    """Reject without a reason, be asked again, approve; gives the run."""
    stack.wait_for(started, "Suspended")
    browser.open(f"/runs/flow-run/{started}")
    browser.page.get_by_role("button", name="Resume").first.click()
    expect(browser.page.locator(".p-modal")).to_contain_text("The shop opens")
    browser.shoot("2-approval-form")
    browser.answer("reject", who="priya")
    eventually(
        lambda: len(stack.events(started, "approval.asked")) == 2 and stack.state(started).is_paused(),
        "asked again",
    )
    browser.open(f"/runs/flow-run/{started}")
    browser.page.get_by_role("button", name="Resume").first.click()
    expect(browser.page.locator(".p-modal")).to_contain_text("a rejection needs a reason")
    browser.shoot("3-asked-again")
    browser.answer("approve", who="priya")
    stack.wait_after_answer(started, "Live")
    return started


def test_run_is_named_for_people(browser: Browser, approved: str) -> None:
    """The run's page says what went where, and that it is live."""
    browser.open(f"/runs/flow-run/{approved}")
    expect(browser.page.locator("body")).to_contain_text("storefront 2.3.0 to production")
    expect(browser.page.get_by_text("Live", exact=True).first).to_be_visible()
    browser.shoot("4-run")


def test_report_is_readable(stack: Stack, browser: Browser, approved: str) -> None:
    """The report opens with what changed for whom, and survives a pipe in what people typed."""
    browser.open(f"/artifacts/artifact/{artifact(stack, approved, 'report-storefront-production')}")
    body = browser.page.locator("body")
    expect(body).to_contain_text("The shop opens")
    expect(body).to_contain_text("priya")
    expect(body).to_contain_text("web-3")
    browser.shoot("5-report")


def test_report_draws_its_timeline(stack: Stack, browser: Browser, approved: str) -> None:
    """The newer UI draws the timeline instead of showing its source."""
    browser.open(f"/v2/artifacts/artifact/{artifact(stack, approved, 'report-storefront-production')}")
    expect(browser.page.locator("svg[id^=mermaid], [aria-roledescription=gantt]").first).to_be_visible()
    browser.shoot("6-report-v2")


def test_what_is_where(stack: Stack, browser: Browser, approved: str) -> None:
    """The table of what is where names the version on all hosts."""
    browser.open(f"/artifacts/artifact/{artifact(stack, approved, 'what-is-where')}")
    expect(browser.page.locator("body")).to_contain_text("2.3.0")
    browser.shoot("7-what-is-where")


def test_blocks_are_there(browser: Browser) -> None:
    """The blocks that registration made are there under their names."""
    browser.open("/blocks")
    expect(browser.page.locator("body")).to_contain_text("storefront-production-web")
    browser.shoot("8-blocks")


def test_what_broke_is_answered(stack: Stack, browser: Browser, make_application: Callable[..., Any]) -> None:
    """Something breaks: the form says what, where and what each answer would do; the answer is done."""
    target = {"commands": {"before": [["sh", "warm-up", "{version}"]]}, "max_failures": 1}
    app = make_application("bookshop", ("web-1", "web-2", "web-3"), target=target, script=WARM)
    for host, versions in (
        ("web-1", ("2.4.0", "2.4.1")),
        ("web-2", ("2.4.0",)),
        ("web-3", ("2.4.0", "2.4.1")),
    ):
        shared = app.on(host).path / "shared"
        shared.mkdir(parents=True)
        for version in versions:
            (shared / f"cache-{version}").touch()
    stack.tell("release", app.what("2.4.0"), "Live")
    why = {"summary": "Customers find books by their covers"}
    run, _ = stack.tell("release", app.what("2.4.1"), "Suspended", **why)
    stack.form(run)
    browser.open(f"/runs/flow-run/{run}")
    browser.page.get_by_role("button", name="Resume").first.click()
    expect(browser.page.locator(".p-modal")).to_contain_text("2.4.1 could not go live on 1 of 3 hosts")
    expect(browser.page.locator(".p-modal")).to_contain_text("cache.internal: no answer in 5 s")
    browser.shoot("9-trouble-form")
    said = {"Who": "priya", "Comment (Optional)": "two hosts can carry the night"}
    browser.answer("leave out", texts=said, shot="10-trouble-answered")
    stack.wait_after_answer(run, "Live")
    assert app.live == ["2.4.1", "2.4.0", "2.4.1"]
    (answered,) = stack.events(run, "trouble.answered")
    assert (answered.body["decision"], answered.body["who"]) == ("leave out", "priya")
    browser.open(f"/artifacts/artifact/{artifact(stack, run, 'report-bookshop-production')}")
    expect(browser.page.locator("body")).to_contain_text("Left out: web-2")
    browser.shoot("11-report-with-drift")
