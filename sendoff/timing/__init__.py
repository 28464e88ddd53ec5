"""When something may be changed: windows, freezes and the stopped line. Pure; times are given."""
