"""Pseudonyms: ids that are only compared (clicks, sessions, messages, refunds, responses) are stored as digests.

An advertiser's click id, a session cookie or a hashed mail address identifies a person to whoever issued it. No figure
shows them, and equal ids have equal digests, so the counts stay the same.
"""

import base64
from hashlib import blake2b
from typing import Final

from models.record import Row

MARK: Final = "\x7f"  # first character of every digest: ids contain no control characters
COMPARED: Final = frozenset({"click_id", "session_id", "message_id", "recipient_hash", "refund_id", "response_id"})


def pseudonym(tenant: str, text: str) -> str:
    """The 72-bit digest of an id, keyed by tenant. The digest of a digest is itself."""
    if text.startswith(MARK):
        return text
    hashed = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=9, key=tenant.encode()[:64])
    return MARK + base64.urlsafe_b64encode(hashed.digest()).decode()


def is_plain(text: str) -> bool:
    """Whether an earlier build stored this id as sent, without a digest."""
    return not text.startswith(MARK)


def pseudonymous(tenant: str, row: Row, plain: set[str]) -> Row:
    """An event with digests in place of these ids. ``plain``: message ids that an earlier build stored as sent."""
    found = COMPARED & row.data.keys()
    if not found:
        return row
    data = dict(row.data)
    message = data.get("message_id")
    if plain and str(message) in plain:
        found -= {"message_id", "recipient_hash"}
    for field in found:
        if data[field] not in (None, ""):
            # Hashed with its message, so that messages to the same recipient cannot be linked.
            text = f"{message}\0{data[field]}" if field == "recipient_hash" else str(data[field])
            data[field] = pseudonym(tenant, text)
    return Row(*row[:-1], data)
