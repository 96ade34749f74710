"""Survey editions as files of the field: SPSS and Stata with labels, and a DDI codebook that describes them."""
