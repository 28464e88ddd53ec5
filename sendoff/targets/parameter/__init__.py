"""Values in the SSM Parameter Store: one that is live, with a note on it, and one for each release."""
