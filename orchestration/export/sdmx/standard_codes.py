"""Codes of the cross-domain code lists of SDMX, as far as the dataflows can use them (sdmx.org, lists of 2021)."""

from __future__ import annotations

# List id: version, name, and the codes with their names.
STANDARD_LISTS: dict[str, tuple[str, str, dict[str, str]]] = {
    "CL_FREQ": (
        "2.1",
        "Frequency",
        {
            "A": "Annual",
            "S": "Half-yearly, semester",
            "Q": "Quarterly",
            "M": "Monthly",
            "W": "Weekly",
            "D": "Daily",
            "I": "Irregular",
            "_O": "Other",
            "_U": "Unspecified",
            "_Z": "Not applicable",
        },
    ),
    "CL_OBS_STATUS": (
        "2.2",
        "Observation status",
        {
            "A": "Normal value",
            "B": "Time series break",
            "D": "Definition differs",
            "E": "Estimated value",
            "F": "Forecast value",
            "G": "Experimental value",
            "H": "Missing value; holiday or weekend",
            "I": "Imputed value",
            "J": "Derogation",
            "K": "Data included in another category",
            "L": "Missing value; data exist but were not collected",
            "M": "Missing value; data cannot exist",
            "N": "Not significant",
            "O": "Missing value",
            "P": "Provisional value",
            "Q": "Missing value; suppressed",
            "S": "Strike and other special events",
            "U": "Low reliability",
            "V": "Unvalidated value",
            "W": "Includes data from another category",
        },
    ),
    "CL_SEX": (
        "2.1",
        "Sex",
        {
            "F": "Female",
            "M": "Male",
            "_N": "Neither female nor male",
            "_O": "Other",
            "_T": "Total",
            "_U": "Unknown",
            "_Z": "Not applicable",
        },
    ),
    "CL_UNIT_MULT": (
        "1.1",
        "Unit multiplier",
        {"0": "Units", "1": "Tens", "2": "Hundreds", "3": "Thousands", "6": "Millions", "9": "Billions"},
    ),
    "CL_DECIMALS": (
        "1.0",
        "Decimals",
        {
            "0": "Zero",
            "1": "One",
            "2": "Two",
            "3": "Three",
            "4": "Four",
            "5": "Five",
            "6": "Six",
            "7": "Seven",
            "8": "Eight",
            "9": "Nine",
        },
    ),
}
