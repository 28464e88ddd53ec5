"""Load balancers: two sides behind a rule, of which tags say what each holds, and weights what it gets."""
