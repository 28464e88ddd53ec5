"""Sendoff: release management as durable, explainable runs. Everything in here is true without Prefect."""

__version__ = "0.1.0"
