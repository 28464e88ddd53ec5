"""What is kept of a long output."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sendoff.targets.ssh.talk import Tail


@given(st.lists(st.binary(max_size=40), max_size=30))
def test_the_last_is_kept(pieces: list[bytes]) -> None:
    """However the output comes, its last bytes are kept, and what is cut is marked."""
    tail, whole = Tail(kept=50), b"".join(pieces)
    for piece in pieces:
        tail.add(piece)
    mark = "…\n" if len(whole) > 50 else ""
    assert tail.text() == mark + whole[-50:].decode("utf-8", "backslashreplace")
    assert tail.total == len(whole)
