"""What people read about a release: pure functions of the ledger, in business and in technical words."""

from sendoff.report.placements import what_is_where
from sendoff.report.release import release_report, summary

# The brief is not here: it shows a plan, and plans are written with this package's words.
__all__ = ["release_report", "summary", "what_is_where"]
