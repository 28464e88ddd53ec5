"""What kind of content a file has, told by its name; the same on every machine."""

from __future__ import annotations

from mimetypes import MimeTypes

OTHERWISE = "application/octet-stream"
TEXT = {"application/json", "application/xml", "application/manifest+json", "image/svg+xml"}
PACKED = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}
OF_THE_WEB = {
    ".avif": "image/avif", ".ico": "image/x-icon", ".js": "text/javascript", ".map": "application/json",
    ".md": "text/markdown", ".mjs": "text/javascript", ".wasm": "application/wasm", ".webp": "image/webp",
    ".webmanifest": "application/manifest+json", ".woff": "font/woff", ".woff2": "font/woff2",
    ".xml": "application/xml",
}  # fmt: skip
"""What versions of Python do not agree on, or do not know."""

_types = MimeTypes()
for _ending, _type in OF_THE_WEB.items():
    _types.add_type(_type, _ending)


def content_type(path: str) -> str:
    """Tell the header Content-Type of a file; text is in UTF-8."""
    found, packed = _types.guess_type(path.rpartition("/")[2])
    if packed:
        return PACKED.get(packed, OTHERWISE)
    found = found or OTHERWISE
    return f"{found}; charset=utf-8" if found.startswith("text/") or found in TEXT else found
