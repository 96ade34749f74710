"""Flows, arrivals and departures, and population as SDMX: structure message, SDMX-ML 2.1 data and SDMX-CSV 2.0."""
