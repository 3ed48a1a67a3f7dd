"""Explains a failed TLS handshake in terms of our settings."""

from __future__ import annotations

import ssl

NOT_YET, EXPIRED, OTHER_HOST, OTHER_IP = 9, 10, 62, 64  # OpenSSL's X509_V_ERR_...


def why_certificate(error: ssl.SSLError, section: str, host: str, *, own: bool) -> tuple[str, str] | None:
    """(what is wrong, how to fix it) if a certificate is the cause, theirs or ours; else None.

    section: ``kafka`` or ``redis``. own: whether we have a certificate to present.
    """
    names = f"CRMKPI_{section.upper()}__"
    if isinstance(error, ssl.SSLCertVerificationError):
        return _theirs(error.verify_code, error.verify_message, names, host)
    reason = (error.reason or str(error)).upper()
    ours = f"{names}CERTIFICATE_FILE and {names}KEY_FILE"
    if "CERTIFICATE" not in reason and "UNKNOWN_CA" not in reason and "HANDSHAKE_FAILURE" not in reason:
        return None
    if not own:
        return "it requires a client certificate", f"set {ours}"
    return "it rejects the client certificate: expired, or from an unknown authority", f"renew {ours}"


def _theirs(code: int, message: str, names: str, host: str) -> tuple[str, str]:
    if code in (EXPIRED, NOT_YET):
        when = "has expired" if code == EXPIRED else "is not valid yet"
        return f"its certificate {when}", "renew the server's certificate, or correct this machine's clock"
    if code in (OTHER_HOST, OTHER_IP):
        fix = f"use the name the certificate is for, or have one issued for {host}; only if neither is possible: "
        return f"its certificate is not for {host}: {message}", f"{fix}{names}CHECK_HOSTNAME=false"
    fix = f"set {names}CA_FILE to the PEM certificate of the authority that signed it"
    return f"its certificate is signed by an untrusted authority: {message}", fix
