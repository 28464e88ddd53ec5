"""Bytes under keys, written whole and once: what that asks for, and what keeps it, a folder or S3."""

from sendoff.objects.folder import FolderObjects
from sendoff.objects.protocol import Objects

__all__ = ["FolderObjects", "Objects"]
