"""The stories that a release manager starts."""
