"""Telephone numbers, number plates and dates in a message; and hiding what is personal."""

import re
from collections.abc import Iterator
from datetime import date

from gateway.language.words import LONGEST

# Letters that look the same in both alphabets: the only ones on Russian plates (GOST R 50577-2018).
LOOK_ALIKE = str.maketrans("ABEKMHOPCTYX", "АВЕКМНОРСТУХ")
_L = "[АВЕКМНОРСТУХABEKMHOPCTYX]"
_REGION = r"\d{2,3}(?!\d)"
_END = r"(?![^\W_])"
PLATES = (
    re.compile(
        rf"(?<![^\W_]){_L}\s?\d{{3}}\s?{_L}{{2}}[\s|/-]{{0,2}}{_REGION}(?:\s?RUS)?", re.IGNORECASE
    ),
    re.compile(rf"(?<![^\W_]){_L}\d{{3}}{_L}{{2}}{_END}", re.IGNORECASE),
    re.compile(rf"(?<![^\W_]){_L}\s\d{{3}}\s{_L}{{2}}{_END}"),
    re.compile(
        rf"(?<![^\W_]){_L}{{2}}\s?\d{{3,4}}\s?{_REGION}(?:\s?RUS)?{_END}"
    ),  # buses, trailers
    re.compile(rf"(?<![^\W_])\d{{4}}\s?{_L}{{2}}\s?{_REGION}(?:\s?RUS)?{_END}"),  # motorcycles
)
UNITS = ("КМ", "СМ", "МС", "ММ")
FOREIGN_PLATE = re.compile(
    r"(?i:(?:licen[cs]e|number|no\.?|reg(?:istration)?)?\s?plates?(?:\s?(?:number|no\.?|is|#|:))*|"
    r"licen[cs]e(?:\s?(?:number|no\.?|is|#|:))+|registration(?:\s?(?:number|no\.?|is|#|:))+)\s*"
    r"[\"'(]?(?P<plate>(?=[A-Z0-9 -]{0,8}\d)[A-Z0-9]{1,4}(?:[ -]?[A-Z0-9]{1,5})?)\b"
)
_GAP = r"[\s()\-–.]{0,3}"
# +7 910 123-45-67, 8(4712)12-34-56, 910 123 45 67, (203) 555-0123, +49 7531 900-0
PHONES = (
    re.compile(rf"(?<![\d.,/№-])(?<!\d\s)(?:\+\s?7|8|7){_GAP}\d(?:{_GAP}\d){{9}}(?![\d/]|[.,]\d)"),
    re.compile(
        r"(?<![\d.,/№+-])(?<!\d\s)\(?[2-9]\d{2}\)?[\s.-]{0,2}\d{3}[\s.-]\d{2}[\s.-]?\d{2}"
        r"(?![\d/]|[.,]\d)"
    ),
    re.compile(r"(?<![\d.,/№+-])(?<!\d\s)9\d{9}(?![\d/]|[.,]\d)"),
    re.compile(rf"\+\d(?:{_GAP}\d){{7,14}}(?![\d/])"),
)
LOCAL_PHONE = re.compile(
    r"(?<![^\W_])(?:тел(?:ефон\w{0,3})?|т(?=\.)|моб(?:ильный)?|сот(?:овый)?|звон\w{1,6}|tel|phone|call)\b[\s.:№-]{0,4}"
    r"(?:[^\d\n]{0,12})(?P<number>\d{1,3}[\s-]?\d{2}[\s-]?\d{2}|\d{3}[\s-]\d{4})(?![\d/-]|[.,]\d)",
    re.IGNORECASE,
)
EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}")
MONTHS = {
    form: number
    for number, forms in enumerate(
        (
            "январ january jan", "феврал february feb", "март march mar", "апрел april apr",
            "ма may", "июн june jun", "июл july jul", "август august aug",
            "сентябр september sept sep", "октябр october oct", "ноябр november nov",
            "декабр december dec",
        ),
        1,
    )
    for form in forms.split()
}  # fmt: skip
_MONTH = (
    r"(?P<month>(?:январ|феврал|апрел|июн|июл|сентябр|октябр|ноябр|декабр)[ья]|ма[йя]|марта?|августа?|"
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
NUMERIC_DATE = re.compile(
    r"(?<![\d.,/-])(?P<first>\d{1,2})(?P<sep>[./-])\s?(?:(?P<second>\d{1,2})(?P=sep)\s?(?P<year>\d{4})|(?P<month>\d{2})(?P=sep)\s?(?P<short>\d{2}))(?![\d/-]|[.,]\d)"
)
ISO_DATE = re.compile(
    r"(?<![\d.,/-])(?P<year>(?:19|20)\d{2})-(?P<month>\d{2})-(?P<day>\d{2})(?![\d-])"
)
SPELT_DATE = re.compile(
    rf"(?<!\d)(?P<day>\d{{1,2}})(?:-?го|-?е|st|nd|rd|th)?\s+(?:of\s+)?{_MONTH},?\s+(?P<year>(?:19|20)\d{{2}})(?!\d)",
    re.IGNORECASE,
)
ENGLISH_DATE = re.compile(
    rf"(?<![^\W\d_]){_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>(?:19|20)\d{{2}})(?!\d)",
    re.IGNORECASE,
)
CYRILLIC = re.compile(r"[А-Яа-яЁё]")
# What is left of a text for strangers.
HIDDEN = "***"
_NAME = re.compile(
    r"(?P<said>(?i:меня зовут|мо[её] имя|с уважением,?|ФИО:?|my name is|regards,?|sincerely,?)\s+)"
    r"[А-ЯЁA-Z][а-яёa-z]+(?:\s+[А-ЯЁA-Z][а-яёa-z]+){0,2}"
)
_PATRONYMIC = re.compile(
    r"(?:[А-ЯЁ][а-яё]+\s+){0,2}[А-ЯЁ][а-яё]+(?:ович|евич|ьич|овн|евн|иничн)(?:а|у|ем|ом|е|ой|ы)?\b"
    r"(?:\s+[А-ЯЁ][а-яё]+(?:ов|ев|ин|ын|ский|цкий|ко|ук|юк)(?:а|у|ым|ой|е)?\b)?"
)
_FLAT = re.compile(
    r"(?P<said>\b(?:кв(?:артир[аыеу])?\.?|flat|apartment|apt\.?)\s*(?:№|#)?\s*)\d{1,4}[а-я]?\b",
    re.IGNORECASE,
)


def find_phones(text: str) -> list[str]:
    """Give telephone numbers as +79101234567; one without a code as its digits."""
    return list(dict.fromkeys(number for _, _, number in _phones(text[:LONGEST])))


def find_plates(text: str) -> list[str]:
    """Give number plates without blanks; Russian ones in Cyrillic capitals: А123ВС46."""
    return list(dict.fromkeys(plate for _, _, plate in _plates(text[:LONGEST])))


def find_dates(text: str) -> list[str]:
    """Give the days that are named with their year, as 2026-11-26."""
    text = text[:LONGEST]
    is_russian = CYRILLIC.search(text) is not None
    days = []
    for match in NUMERIC_DATE.finditer(text):
        first, second = int(match["first"]), int(match["second"] or match["month"])
        is_month_first = not is_russian and match["sep"] == "/" and first <= 12
        day, month = (second, first) if is_month_first else (first, second)
        days.append((match.start(), _day(match["year"] or "20" + match["short"], month, day)))
    for match in ISO_DATE.finditer(text):
        days.append((match.start(), _day(match["year"], int(match["month"]), int(match["day"]))))
    for pattern in (SPELT_DATE, ENGLISH_DATE):
        for match in pattern.finditer(text):
            month = next(
                number for form, number in MONTHS.items() if match["month"].lower().startswith(form)
            )
            days.append((match.start(), _day(match["year"], month, int(match["day"]))))
    return list(dict.fromkeys(day for _, day in sorted(days) if day))


def masked_text(text: str) -> str:
    """Hide telephones, addresses of mail, plates, flats and people's names from strangers."""
    spans = [(start, end) for start, end, _ in (*_phones(text), *_plates(text))]
    spans += [match.span() for match in EMAIL.finditer(text)]
    spans += [match.span() for match in _PATRONYMIC.finditer(text)]
    spans += [(match.end("said"), match.end()) for match in _NAME.finditer(text)]
    spans += [(match.end("said"), match.end()) for match in _FLAT.finditer(text)]
    shown, position = [], 0
    for start, end in sorted(spans):
        if start >= position:
            shown += [text[position:start], HIDDEN]
        position = max(position, end)
    return "".join([*shown, text[position:]])


def _phones(text: str) -> Iterator[tuple[int, int, str]]:
    taken: list[tuple[int, int]] = []
    for pattern in PHONES:
        for match in pattern.finditer(text):
            if any(start < match.end() and match.start() < end for start, end in taken):
                continue
            taken.append(match.span())
            yield match.start(), match.end(), _international(match[0])
    for match in LOCAL_PHONE.finditer(text):
        span = match.span("number")
        if not any(start < span[1] and span[0] < end for start, end in taken):
            yield *span, re.sub(r"\D", "", match["number"])


def _international(number: str) -> str:
    digits = re.sub(r"\D", "", number)
    if number.lstrip().startswith("+"):
        return f"+{digits}"
    if len(digits) == 11:  # 8 is the trunk prefix
        return f"+7{digits[1:]}"
    return f"+7{digits}" if digits.startswith("9") else digits


def _plates(text: str) -> Iterator[tuple[int, int, str]]:
    taken: list[tuple[int, int]] = []
    for pattern in PLATES:
        for match in pattern.finditer(text):
            plate = re.sub(r"[\s|/-]|RUS", "", match[0].upper()).translate(LOOK_ALIKE)
            is_measure = plate[4:6] in UNITS and match[0] != match[0].upper()
            if is_measure or any(s < match.end() and match.start() < e for s, e in taken):
                continue
            taken.append(match.span())
            yield match.start(), match.end(), plate
    for match in FOREIGN_PLATE.finditer(text):
        span = match.span("plate")
        if not any(start < span[1] and span[0] < end for start, end in taken):
            yield *span, re.sub(r"[ -]", "", match["plate"])


def _day(year: str, month: int, day: int) -> str:
    try:
        return date(int(year), month, day).isoformat()
    except ValueError:
        return ""  # 31.02.2026
