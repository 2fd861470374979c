"""Programs to differentiate, by topic; see `registry`."""
