"""Alerts to people: by webhook, mail or chat, wherever the addresses in the environment lead."""

from __future__ import annotations

import os
import re

ADDRESSES = "FRONTIER_ALERT_URLS"


def send_alert(title: str, body: str) -> int:
    """Send an alert to every address in FRONTIER_ALERT_URLS; how many there are.

    The addresses are notification URLs as the Apprise library writes them (`jsons://host/path` for a webhook,
    `mailtos://user:password@host` for mail), separated by blanks. They hold secrets, and never appear in a
    message. Raises `RuntimeError` when an address is not understood or an alert could not be delivered.
    """
    addresses = re.split(r"[\s,]+", os.environ.get(ADDRESSES, "").strip())
    wanted = [address for address in addresses if address]
    if not wanted:
        return 0
    import apprise

    sender = apprise.Apprise()
    for number, address in enumerate(wanted, start=1):
        if not sender.add(address):
            raise RuntimeError(f"{ADDRESSES}: address {number} is no notification URL that Apprise understands.")
    if not sender.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT):
        raise RuntimeError(f"An alert could not be delivered to every address in {ADDRESSES}: {title}")
    return len(wanted)
