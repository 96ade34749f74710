"""Ways out of a release: Parquet, CSV, SDMX, SPSS, Stata and DDI files, each written from the published database."""
