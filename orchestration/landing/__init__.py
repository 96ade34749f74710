"""Landing: what stands in `raw/`, and the declarations that say how it is fetched and read."""
