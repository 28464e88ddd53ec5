"""Hosted configurations in AWS AppConfig: a version for each release, of which the one deployed is live."""
