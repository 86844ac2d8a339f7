"""Whether the model hub can be asked at all."""

from __future__ import annotations

import socket
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies

_PATIENCE_S: Final = 5.0


def hub_unreachable() -> bool:
    """Return true where the hub is switched off (HF_HUB_OFFLINE) or takes no connection.

    Its client asks for every file of a model with several waits each; without a network that is
    more than a minute before the first word. Behind a proxy nothing is tried, and false returned.
    """
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return True
    if getproxies():
        return False
    parts = urlsplit(constants.ENDPOINT)
    port = parts.port or (80 if parts.scheme == "http" else 443)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=_PATIENCE_S).close()
    except OSError:
        return True
    return False
