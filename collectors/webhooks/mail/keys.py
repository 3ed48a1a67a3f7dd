"""Public keys, as providers display them."""

from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from collectors.webhooks import signing
from collectors.webhooks.provider import Forged


def public_keys(secrets: Sequence[str]) -> list[PublicKeyTypes]:
    """The secrets that are public keys. Raises Forged if none is."""
    found = [_public_key(secret.decode().strip()) for secret in signing.live(secrets)]
    keys = [key for key in found if key is not None]
    if not keys:
        raise Forged("no secret is a public key")
    return keys


@lru_cache(64)
def _public_key(text: str) -> PublicKeyTypes | None:
    """A PEM key, with or without its header and footer lines."""
    pem = text if text.startswith("-----") else f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----"
    try:
        return load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        return None  # another secret may be one
