"""Where links lead."""

import pytest

from sendoff.artifact.links import fault


@pytest.mark.parametrize(
    ("links", "path"),
    [
        ({"a": "b"}, "a"),
        ({"d/a": "../b/c"}, "d/a"),
        ({"a": "b", "b": "c/d"}, "a"),
        ({"d": "e/f", "a": "d/../x"}, "a"),
        ({"a": "."}, "a"),
        ({"d/a": "./.././d/b/"}, "d/a"),
    ],
)
def test_inside(links: dict[str, str], path: str) -> None:
    """A link that stays inside has no fault, through chains, folders and links to folders."""
    assert fault(path, links) is None


@pytest.mark.parametrize(
    ("links", "path", "said"),
    [
        ({"a": ".."}, "a", "out of the tree"),
        ({"a": "../tree/b"}, "a", "out of the tree"),
        ({"d/a": "../../x"}, "d/a", "out of the tree"),
        ({"a": "/etc/passwd"}, "a", "absolute"),
        ({"a": "b", "b": "/etc"}, "a", "absolute"),
        ({"a": "b", "b": "a"}, "a", "circle"),
        ({"e/d": "../x", "a": "e/d/../../y"}, "a", "out of the tree"),
    ],
)
def test_outside(links: dict[str, str], path: str, said: str) -> None:
    """A link that leaves the tree, on its own or through others, is told apart from one that never ends."""
    assert said in (fault(path, links) or "")
