"""Tools that make committed inputs; nothing here runs in a refresh."""
