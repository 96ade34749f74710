"""Survey files (SPSS, Stata, SAS): their dictionaries and cases, as tables in which nothing is decoded away."""
