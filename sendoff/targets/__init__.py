"""Places that bits are put on: one small protocol, one implementation each."""
