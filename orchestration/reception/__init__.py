"""Reception: what happens to a file between its arrival and its place in `raw/`, or in quarantine."""
