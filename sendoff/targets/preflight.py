"""What has to be mended on a host before a release may change anything there."""

from __future__ import annotations

from sendoff.targets.protocol import HostFacts

MOST_SKEW = 5.0  # seconds


def problems(facts: HostFacts, need_bytes: int, token: int) -> list[str]:
    """List what is wrong with a host, each in a sentence that says what to do.

    `need_bytes`: the size of the artifact; `token`: the number of the lease.
    """
    found = []
    if facts.missing_tools:
        found.append(f"{facts.host}: lacks {', '.join(facts.missing_tools)}; install what provides them")
    if not facts.writable:
        found.append(
            f"{facts.host}: the root folder cannot be written to, expected it to belong to the user who logs "
            "in; make it there with `mkdir` and `chown`, or mend `root` or `user` in the release file"
        )
    if facts.obstacle:
        found.append(f"{facts.host}: {facts.obstacle}")
    if facts.fence > token:
        found.append(
            f"{facts.host}: it was changed under number {facts.fence}, expected at most our {token}; another "
            "ledger releases to it, or this one was replaced; when no other does, remove .sendoff/fence "
            "there, or `fence` in .sendoff/current.json of a static site or in the description of a "
            "function's alias"
        )
    if facts.free_bytes < 2 * need_bytes:
        found.append(
            f"{facts.host}: {_mb(facts.free_bytes)} are free, expected {_mb(2 * need_bytes)} for this "
            "release and one more; free space there or keep fewer releases"
        )
    if abs(facts.clock_skew) > MOST_SKEW:
        way = "ahead of" if facts.clock_skew > 0 else "behind"
        found.append(
            f"{facts.host}: its clock is {abs(facts.clock_skew):.0f} s {way} ours, expected at most "
            f"{MOST_SKEW:.0f} s; see time synchronisation there"
        )
    return found


def _mb(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
