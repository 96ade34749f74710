"""Asks the live sources and brings whole files into the downloads folder. Plain Python, never Dagster.

`download` fetches what one source declares; `fetch.fetch_datasets` does so for the datasets of a workspace
and hands each new file to a receiver.
"""
