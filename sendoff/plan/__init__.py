"""What a release will do, before it does anything: a pure function of configuration, artifact and facts."""
