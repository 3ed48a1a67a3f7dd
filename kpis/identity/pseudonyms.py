"""Ids that numbers only compare, as those of clicks, sessions, messages, refunds and responses, are kept as digests.

An advertiser's click id, a session cookie or the hash of a mail address tell who somebody is to whoever issued them,
and no number shows them. Their digest says the same about what belongs together, so what is counted does not change.
"""

import base64
from hashlib import blake2b
from typing import Final

from models.record import Row

MARK: Final = "\x7f"  # begins every digest: no id may hold a control character
COMPARED: Final = frozenset({"click_id", "session_id", "message_id", "recipient_hash", "refund_id", "response_id"})


def pseudonym(tenant: str, text: str) -> str:
    """The digest of an id, 72 bits, another one for each tenant. That of a digest is itself."""
    if text.startswith(MARK):
        return text
    hashed = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=9, key=tenant.encode()[:64])
    return MARK + base64.urlsafe_b64encode(hashed.digest()).decode()


def is_plain(text: str) -> bool:
    """Whether a stored id is one that an earlier build kept as it was told."""
    return not text.startswith(MARK)


def pseudonymous(tenant: str, row: Row, plain: set[str]) -> Row:
    """An event with digests in place of such ids. ``plain``: messages that an earlier build stored by their own id."""
    found = COMPARED & row.data.keys()
    if not found:
        return row
    data = dict(row.data)
    message = data.get("message_id")
    if plain and str(message) in plain:
        found -= {"message_id", "recipient_hash"}
    for field in found:
        if data[field] not in (None, ""):
            # A recipient behind its message: nobody can tell which messages went to the same one.
            text = f"{message}\0{data[field]}" if field == "recipient_hash" else str(data[field])
            data[field] = pseudonym(tenant, text)
    return Row(*row[:-1], data)
