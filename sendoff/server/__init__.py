"""The sign-in in front of Prefect: who somebody is, what they may do, and the stamp on what they did."""
