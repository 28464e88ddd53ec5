"""The release file and the intent of a release, as frozen models."""
