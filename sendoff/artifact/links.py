"""Where links lead, decided on paper: a tree must mean the same under any name and on any host."""

from __future__ import annotations

from collections.abc import Mapping

MOST_HOPS = 40


def fault(path: str, links: Mapping[str, str]) -> str | None:
    """Say what is wrong with a link, None when it stays inside the tree, through chains and folders too.

    `links` are all links of the tree by path. A link that goes out and comes back by the tree's own name
    has left it: on a host, the tree has another name.
    """
    ahead, here, hops = list(reversed(path.split("/"))), list[str](), 0
    while ahead:
        part = ahead.pop()
        if part == ".." and not here:
            return "leads out of the tree"
        if part == "..":
            here.pop()
        elif part not in ("", "."):
            here.append(part)
        target = links.get("/".join(here)) if part not in ("", ".", "..") else None
        if target is None:
            continue
        hops += 1
        if hops > MOST_HOPS:
            return "leads round in a circle"
        if target.startswith("/"):
            return "leads to an absolute path"
        here.pop()
        ahead.extend(reversed(target.split("/")))
    return None
