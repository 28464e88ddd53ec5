"""What people read about a release: pure functions of the ledger, in business and in technical words."""
