"""Keeping secrets out of what is shown: the values themselves, and the forms that tools turn them into."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator
from urllib.parse import quote, quote_plus

MASK = "***"
SHORTEST_FORM = 4
BASE64_LINE = 76


class Masker:
    """Replace every secret in a text by `***`; longest first, overlapping ones too. Call it with a text."""

    def __init__(self, values: Iterable[str]) -> None:
        forms = {form for value in values for form in _forms(value)}
        ordered = sorted(forms, key=lambda form: (-len(form), form))
        # A lookahead also finds secrets that begin inside another one: the end of such a one must not show.
        self._pattern = re.compile(f"(?=({'|'.join(map(re.escape, ordered))}))") if ordered else None

    def __call__(self, text: str) -> str:
        """Mask a text. A secret of several lines is masked line by line: cut texts at line ends only."""
        if self._pattern is None:
            return text
        shown, end = [], 0
        for start, stop in _merged(match.span(1) for match in self._pattern.finditer(text)):
            shown += [text[end:start], MASK]
            end = stop
        return "".join((*shown, text[end:]))


def _forms(value: str) -> Iterator[str]:
    """Give what to look for. Short leftovers are no secret: masking them would mask half the output."""
    if value:
        yield value
    for text in dict.fromkeys((value, *value.splitlines())):
        yield from (form for form in (text, *_written(text)) if len(form) >= SHORTEST_FORM)


def _written(value: str) -> Iterator[str]:
    yield from (quote(value), quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1])
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield from _encoded(value.encode("utf-8", "surrogateescape"), encode)


def _encoded(value: bytes, encode: Callable[[bytes], bytes]) -> Iterator[str]:
    """Give the forms in base64: alone, with a line end, wrapped, and in a longer text at each alignment."""
    for whole in (encode(value).decode(), encode(value + b"\n").decode()):
        yield from (whole, whole.rstrip("="))
        yield from (whole[at : at + BASE64_LINE] for at in range(0, len(whole), BASE64_LINE))
    for lead in range(3):
        first, last = -(-lead * 8 // 6), (lead + len(value)) * 8 // 6
        yield encode(bytes(lead) + value).decode()[first:last]


def _merged(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    start = end = 0
    for each_start, each_end in spans:
        if each_start >= end:
            if end:
                yield start, end
            start = each_start
        end = max(end, each_end)
    if end:
        yield start, end
