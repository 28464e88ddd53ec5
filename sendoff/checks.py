"""Looking at what was released: requests and commands, tried until they come right or their time is up."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping

import httpx

from sendoff.errors import StepErrored
from sendoff.model import Frozen
from sendoff.spec.models import Check, CommandCheck, HttpCheck, InvokeCheck
from sendoff.spec.placeholders import fill
from sendoff.targets.protocol import HostTarget, InvokableTarget

MOST_BODY = 1 << 20
MOST_SAID = 160


class CheckResult(Frozen):
    """What a check came to. `said` is a sentence; seconds are for all tries, `latency` of the last answer."""

    name: str
    host: str
    passed: bool
    said: str
    tries: int
    seconds: float
    latency: float | None = None


class Try(Frozen):
    """What one try came to; `wrong` is None when all was as expected. `page`: what the answer said then."""

    wrong: str | None
    page: str | None = None
    right: str = ""
    latency: float | None = None
    cut_short: bool = False


def run_check(
    check: Check,
    name: str,
    values: Mapping[str, str],
    target: HostTarget | None,
    *,
    release: str,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> CheckResult:
    """Try a check until it passes or its deadline is over. `name`: the host's.

    Redirects are not followed: they are answers. Trouble on the wire is a failed try, never an exception.
    """
    started, tries, before = clock(), 0, None
    while True:
        tries += 1
        patience = max(min(check.timeout, started + check.deadline - clock()), 0.1)
        if isinstance(check, HttpCheck):
            found = _asked(check, values, clock, patience)
        elif isinstance(check, InvokeCheck):
            found = _invoked(check, target, release, patience)
        else:
            found = _ran(
                check, tuple(fill(word, values) for word in check.command), target, release, patience
            )
        if found.cut_short and patience < check.timeout and before:
            found = before  # a try that the deadline cut short says less than the one before it
        before, seconds = found, clock() - started
        if found.wrong is None or seconds + check.interval >= check.deadline:
            said = f"{name} {found.right}" if found.wrong is None else _told(name, found, tries, seconds)
            return CheckResult(
                name=check.name,
                host=name,
                passed=found.wrong is None,
                said=said,
                tries=tries,
                seconds=seconds,
                latency=found.latency,
            )
        sleep(check.interval)


def _asked(check: HttpCheck, values: Mapping[str, str], clock: Callable[[], float], patience: float) -> Try:
    started, url, version = clock(), fill(check.url, values), values.get("version", "")
    headers = {name: fill(value, values) for name, value in check.headers.items()}
    try:
        with (
            httpx.Client(timeout=patience, follow_redirects=False, trust_env=False) as client,
            client.stream("GET", url, headers=headers) as answer,
        ):
            body = _body(answer, clock, started + patience)
    except httpx.TimeoutException:
        return Try(wrong=f"did not answer {url} within {patience:.3g} s", cut_short=True)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        return Try(wrong=f"could not be asked for {url} ({error or type(error).__name__})")
    latency = clock() - started
    return Try(
        wrong=_wrong(check, answer, body, version, latency),
        page=_page(check, answer, body),
        right=f"answered {answer.status_code} in {latency * 1000:.0f} ms",
        latency=latency,
    )


def _body(answer: httpx.Response, clock: Callable[[], float], until: float) -> str:
    data = b""
    for piece in answer.iter_bytes():
        data += piece
        if len(data) >= MOST_BODY:
            break
        if clock() > until:
            raise httpx.ReadTimeout("the answer took too long", request=answer.request)
    return data[:MOST_BODY].decode(answer.charset_encoding or "utf-8", "replace")


def _wrong(check: HttpCheck, answer: httpx.Response, body: str, version: str, latency: float) -> str | None:
    if answer.status_code != check.status:
        elsewhere = f" (to {answer.headers['location']!r})" if answer.has_redirect_location else ""
        return f"answered {answer.status_code}{elsewhere} instead of {check.status}"
    if check.version_header is not None and (told := answer.headers.get(check.version_header)) != version:
        return f"said version {told!r} in {check.version_header} instead of {version!r}"
    if check.body is not None and not re.search(check.body, body):
        return f"answered without {check.body!r} in its body"
    if check.latency is not None and latency > check.latency:
        return f"took {latency:.2f} s to answer instead of at most {check.latency:g} s"
    return None


def _ran(
    check: CommandCheck, command: tuple[str, ...], target: HostTarget | None, release: str, patience: float
) -> Try:
    if target is None:
        return Try(wrong=f"has nothing to run {check.name!r} on, expected a host")
    shown = shlex.join(command)
    try:
        result = target.run(command, release, patience, {})
    except StepErrored as error:
        return Try(wrong=f"could not run {shown!r} ({str(error).splitlines()[0]})")
    if result.code == 0:
        return Try(wrong=None, right=f"ran {shown!r} in {result.seconds:.1f} s", latency=result.seconds)
    last = next((line for line in reversed(result.output.splitlines()) if line.strip()), "no output")
    return Try(
        wrong=f"ran {shown!r}, which exited with {result.code} instead of 0 ({last})", latency=result.seconds
    )


def _invoked(check: InvokeCheck, target: HostTarget | None, release: str, patience: float) -> Try:
    if not isinstance(target, InvokableTarget):
        return Try(wrong=f"cannot be invoked for {check.name!r}, expected a function")
    try:
        result = target.invoke(release, check.payload, patience)
    except StepErrored as error:
        return Try(wrong=f"could not be invoked ({str(error).splitlines()[0]})")
    if result.code:
        return Try(
            wrong="failed when it was invoked", page=excerpt(result.output) or None, latency=result.seconds
        )
    if check.answer is not None and not re.search(check.answer, result.output):
        return Try(
            wrong=f"answered without {check.answer!r}", page=excerpt(result.output), latency=result.seconds
        )
    return Try(wrong=None, right=f"answered in {result.seconds * 1000:.0f} ms", latency=result.seconds)


def _page(check: HttpCheck, answer: httpx.Response, body: str) -> str | None:
    """Give what the page said when that tells why it is wrong; a good page says nothing of a bad header."""
    if answer.status_code == check.status and (check.body is None or re.search(check.body, body)):
        return None
    return excerpt(body) or ("nothing" if answer.status_code == check.status else None)


def excerpt(text: str) -> str:
    """Quote a text on one line, shortened, without control characters; empty when there is none."""
    start = "".join(char if char.isprintable() else " " for char in text[: 50 * MOST_SAID])
    line = " ".join(start.split())
    if len(line) > MOST_SAID:
        line = f"{line[: MOST_SAID - 1].rstrip()}…"
    return f"'{line}'" if line else ""


def _told(name: str, found: Try, tries: int, seconds: float) -> str:
    times = "once" if tries == 1 else f"{tries} times in {seconds:.0f} s"
    page = f"; it said: {found.page}" if found.page else ""
    return f"{name} {found.wrong}, {times}{page}"
