"""Accounting identities: declared once, evaluated in the engine over rounding intervals, localised to cells."""
