"""What messages state, through `kvartal language extract`."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError
from gateway.language.command import run

STREETS = """settlement,street
Заречный,Лесная
Заречный,улица Карла Маркса
Заречный,50 лет Октября
Заречный,1-я Садовая
Заречный,пр-т Мира
Заречный,Московская
Elmfield,Chapel Street
"""
NOTHING: dict[str, Any] = {
    **dict.fromkeys(("settlement", "street", "house", "building", "entrance", "floor", "flat")),
    "phones": [],
    "plates": [],
    "dates": [],
}


@pytest.fixture
def stated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Give what a message is found to state, without what it does not."""

    def stated(text: str) -> dict[str, Any]:
        quoted = text.replace('"', '""')
        (tmp_path / "in.csv").write_text(f'id,text\n7,"{quoted}"\n', encoding="utf-8-sig")
        (tmp_path / "streets.csv").write_text(STREETS, encoding="utf-8")
        files = [str(tmp_path / "in.csv"), "--gazetteer", str(tmp_path / "streets.csv")]
        assert run(["extract", *files, "--json"]) == 0
        line = json.loads(capsys.readouterr().out)
        assert line.keys() == {"id", *NOTHING}
        return {name: value for name, value in line.items() if value and name != "id"}

    return stated


@pytest.mark.parametrize(
    ("text", "street", "house", "building"),
    [
        ("Яма у дома Лесная 12", "Лесная", "12", None),
        ("яма на ул лесной, д.12а корп. 2", "Лесная", "12а", "2"),
        ("Темно возле дома №15/1 по ул.Лесной", "Лесная", "15/1", None),
        ("На улице Леснй, 5 не чистят снег", "Лесная", "5", None),
        ("ул. К. Маркса дом 7 строение 1", "улица Карла Маркса", "7", "1"),
        ("на 50 лет октября 3 «Б» нет воды", "50 лет Октября", "3Б", None),
        ("Провал на 1-ой Садовой, 8", "1-я Садовая", "8", None),
        ("проспект Мира 14 литера А, нет света", "пр-т Мира", "14", "А"),
        ("улМира д7", "пр-т Мира", "7", None),
        ("От Лесной до проспекта Мира, 20 не горят фонари", "пр-т Мира", "20", None),
        ("Дворник не убирает дом 5 литера Б по улице Лесной", "Лесная", "5", "Б"),
        ("Two lamps are out at 35 chapel st", "Chapel Street", "35", None),
    ],
)
def test_an_address_is_found_in_any_form(
    stated: Any, text: str, street: str, house: str, building: str | None
) -> None:
    found = stated(text)
    assert (found["street"], found["house"], found.get("building")) == (street, house, building)


@pytest.mark.parametrize(
    "text",
    [
        "На улице темно, ничего не видно",
        "В доме 2 лифта и 36 квартир, оба стоят",
        "Сделайте мир добрее",
        "Московский переулок весь в ямах",  # is not Московская
        "Автобус в сторону проспекта Мира не пришёл в 20.35",
        "В квартире 18 градусов, плачу 3500 руб.",
        "",
        "???",
    ],
)
def test_what_is_no_address_is_not_taken_for_one(stated: Any, text: str) -> None:
    assert stated(text) == {}


@pytest.mark.parametrize(
    ("text", "entrance", "floor", "flat"),
    [
        ("Лесная 5, подъезд 2, этаж 3, кв 12", "2", "3", "12"),
        ("Лесная 5, 2 подъезд, 3-й этаж, 12 кв.", "2", "3", "12"),
        ("подъезд 2 этаж 3 кв.12", "2", "3", "12"),
        ("2 подъезд 3 этаж кв 12а", "2", "3", "12а"),
        ("во втором подьезде на пятом этаже, квартира №45", "2", "5", "45"),
        ("Лесная д 30 подъезд 1, у лифта на 9м этаже", "1", "9", None),
        ("entrance 2, 3rd floor, apt 4", "2", "3", "4"),
        ("у 3 подъезда", "3", None, None),
        ("в доме 3 подъезда и 5 этажей", None, None, None),
    ],
)
def test_entrance_floor_and_flat_are_told_apart_from_counts(
    stated: Any, text: str, entrance: str | None, floor: str | None, flat: str | None
) -> None:
    found = stated(text)
    assert [found.get(name) for name in ("entrance", "floor", "flat")] == [entrance, floor, flat]


def test_telephones_plates_and_dates_come_in_one_spelling(stated: Any) -> None:
    text = (
        "05.03.2026 и 12 апреля 2026 г. машина a123вс 46 (и О 777 ОО 199) стояла под окном. "
        "Звоните 8 (910) 123-45-67, +7 4712 51-00-00 или тел. 51-23-45. Лицевой счёт 4600123456789."
    )
    assert stated(text) == {
        "phones": ["+79101234567", "+74712510000", "512345"],
        "plates": ["А123ВС46", "О777ОО199"],
        "dates": ["2026-03-05", "2026-04-12"],
    }


def test_an_english_message_has_its_own_telephones_plates_and_order_of_dates(stated: Any) -> None:
    text = "On 3/25/2026 a car with license plate ABC-1234 blocked us. Call (203) 555-0123."
    assert stated(text) == {
        "phones": ["2035550123"],
        "plates": ["ABC1234"],
        "dates": ["2026-03-25"],
    }


def test_a_day_that_does_not_exist_is_left_out(stated: Any) -> None:
    assert stated("31.02.2026 по СанПиН 2.1.4.2496-09, пункт 3.1.11") == {}


def test_the_settlement_is_the_gazetteers_or_what_is_called_one(stated: Any) -> None:
    assert stated("В Заречном нет света")["settlement"] == "Заречный"
    assert stated("с. Дубки, нет света")["settlement"] == "Дубки"


def test_an_enormous_message_is_read_in_no_time_and_in_part(stated: Any) -> None:
    assert stated("Лесная 5, " + "1 2 3 подъезд этаж кв " * 5_000)["house"] == "5"


def test_a_file_in_an_old_encoding_with_other_separators_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.csv").write_bytes('id;text\n1;"в 3 подъезде\nтемно"\n2\n'.encode("cp1251"))
    assert run(["extract", str(tmp_path / "in.csv"), "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines == [{"id": "1", **NOTHING, "entrance": "3"}, {"id": "2", **NOTHING}]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("number,words\n1,a\n")
    with pytest.raises(ConfigError, match=r"has no column id, text; its columns are number, words"):
        run(["extract", str(tmp_path / "in.csv"), "--json"])
