"""Which numbers of a fixed form can be real: dates, regions and check digits.

Formulas as published by the Ministry of the Interior and Safety (주민등록법 시행규칙, registrations
until October 2020), the National Tax Service (사업자등록번호) and the Supreme Court (법인등록번호);
cards by Luhn (ISO/IEC 7812-1).
"""

from __future__ import annotations

from datetime import date
from typing import Final

_CENTURY: Final = {"9": 1800, "0": 1800, "1": 1900, "2": 1900, "5": 1900, "6": 1900,
                   "3": 2000, "4": 2000, "7": 2000, "8": 2000}  # fmt: skip
_RESIDENT: Final = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_BUSINESS: Final = (1, 3, 7, 1, 3, 7, 1, 3, 5)
NO_CHECK_SINCE: Final = date(2020, 10, 5)
REGIONS: Final = frozenset([*map(str, range(11, 27)), "28"])


def digits(text: str) -> str:
    """The digits of ``text``."""
    return "".join(char for char in text if char.isdigit())


def birth(number: str) -> date | None:
    """The date of birth that a resident's number begins with; None where there is no such day."""
    try:
        return date(_CENTURY[number[6]] + int(number[:2]), int(number[2:4]), int(number[4:6]))
    except (KeyError, ValueError):
        return None


def resident(number: str) -> bool:
    """Whether 13 digits are a resident's number (seventh digit 0-4, 9) with its check digit."""
    if number[6] not in "012349" or birth(number) is None:
        return False
    total = sum(int(d) * w for d, w in zip(number, _RESIDENT, strict=False))
    return (11 - total % 11) % 10 == int(number[12])


def foreigner(number: str) -> bool:
    """Whether 13 digits are a foreigner's number (seventh digit 5-8) with its check digit."""
    if number[6] not in "5678" or birth(number) is None:
        return False
    total = sum(int(d) * w for d, w in zip(number, _RESIDENT, strict=False))
    return (13 - total % 11) % 10 == int(number[12])


def business(number: str) -> bool:
    """Whether 10 digits are a business's registration number with its check digit."""
    total = sum(int(d) * w for d, w in zip(number, _BUSINESS, strict=False))
    return (10 - (total + int(number[8]) * 5 // 10) % 10) % 10 == int(number[9])


def corporation(number: str) -> bool:
    """Whether 13 digits are a corporation's registration number with its check digit."""
    total = sum(int(d) * (1 + n % 2) for n, d in enumerate(number[:12]))
    return (10 - total % 10) % 10 == int(number[12])


def luhn(number: str) -> bool:
    """Whether digits have Luhn's check digit."""
    doubled = [int(d) * (1 + n % 2) for n, d in enumerate(reversed(number))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def postcode(number: str) -> bool:
    """Whether five digits begin as postcodes do: 01-08, 10-18, 21-63 without 60."""
    first = int(number[:2])
    return 1 <= first <= 8 or 10 <= first <= 18 or (21 <= first <= 63 and first != 60)
