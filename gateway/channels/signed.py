"""Messages signed as Standard Webhooks has it: id, time and content, by a secret that both know.

https://www.standardwebhooks.com: HMAC-SHA256; what is five minutes old or more is refused.
"""

import base64
import secrets
from collections.abc import Mapping
from datetime import datetime

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
SECRET_BYTES = 32  # the specification wants 24 to 64


def make_secret() -> str:
    return f"whsec_{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"


def signed(secret: str, identifier: str, at: datetime, content: str) -> dict[str, str]:
    """Give the headers of a message."""
    return {
        "Content-Type": "application/json",
        ID: identifier,
        TIMESTAMP: str(int(at.timestamp())),
        SIGNATURE: Webhook(secret).sign(identifier, at, content),
    }


def is_genuine(secret: str, headers: Mapping[str, str], content: bytes) -> bool:
    """Tell whether who knows the secret has sent this, and not long ago."""
    given = {name: headers.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE)}
    try:
        Webhook(secret).verify(content, given, json_parse=False)
    except (WebhookVerificationError, ValueError):  # of headers that are not what they say
        return False
    return True
