"""Currency signs and codes next to amounts, and the currencies each may mean. Pure."""

from typing import Final

from models import money
from models.refused import Refused

_SIGNS: Final = {
    "€": "EUR",
    "£": "GBP GIP FKP SHP EGP SYP LBP",
    "$": "USD CAD AUD NZD SGD HKD MXN TWD ARS CLP COP BRL UYU BMD BSD BBD BZD FJD JMD LRD NAD SBD SRD TTD XCD",
    "US$": "USD", "U$S": "USD", "CA$": "CAD", "C$": "CAD NIO", "AU$": "AUD", "A$": "AUD", "NZ$": "NZD", "HK$": "HKD",
    "S$": "SGD", "MX$": "MXN", "NT$": "TWD", "R$": "BRL", "R": "ZAR", "¥": "JPY CNY", "￥": "JPY CNY",
    "kr": "SEK NOK DKK ISK",
    "kr.": "DKK SEK NOK ISK", "zł": "PLN", "kč": "CZK", "ft": "HUF", "lei": "RON", "₴": "UAH", "грн": "UAH",
    "грн.": "UAH",
    "₹": "INR", "rs": "INR PKR LKR NPR MUR", "rs.": "INR PKR LKR NPR MUR", "₽": "RUB", "₺": "TRY", "₪": "ILS",
    "₩": "KRW",
    "₫": "VND", "฿": "THB", "₦": "NGN", "₱": "PHP", "₸": "KZT", "fr": "CHF", "fr.": "CHF", "sfr": "CHF",
    "sfr.": "CHF",
    "ksh": "KES", "kes": "KES", "tsh": "TZS", "ush": "UGX",
}  # fmt: skip


def currencies_of(sign: str) -> frozenset[str]:
    """The ISO 4217 codes that a sign or code may mean; empty if it is not a currency."""
    if found := _SIGNS.get(sign) or _SIGNS.get(sign.casefold()):
        return frozenset(found.split())
    try:
        return frozenset({money.currency(sign)[0]}) if len(sign) == 3 else frozenset()
    except Refused:
        return frozenset()
