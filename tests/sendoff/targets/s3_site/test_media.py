"""The content types of files, the same whatever the machine or the version of Python says."""

from __future__ import annotations

import pytest

from sendoff.targets.s3_site.media import content_type


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("a/index.html", "text/html; charset=utf-8"),
        ("A.HTML", "text/html; charset=utf-8"),
        ("site.css", "text/css; charset=utf-8"),
        ("app.js", "text/javascript; charset=utf-8"),
        ("app.mjs", "text/javascript; charset=utf-8"),
        ("app.js.map", "application/json; charset=utf-8"),
        ("feed.xml", "application/xml; charset=utf-8"),
        ("icon.svg", "image/svg+xml; charset=utf-8"),
        ("site.webmanifest", "application/manifest+json; charset=utf-8"),
        ("a.wasm", "application/wasm"),
        ("a.woff2", "font/woff2"),
        ("a.png", "image/png"),
        ("a.tar.gz", "application/gzip"),
        ("html.d/README", "application/octet-stream"),
        ("odd.xyz123", "application/octet-stream"),
    ],
)
def test_content_type(path: str, kind: str) -> None:
    """It follows from the name; text is in UTF-8, and what is not known is bytes."""
    assert content_type(path) == kind
