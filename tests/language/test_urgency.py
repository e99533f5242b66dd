"""What cannot wait is heard, in both languages; what only sounds so is not."""

import pytest

from gateway.language.urgency import urgencies


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("В подъезде сильно пахнет газом!", ["gas"]),
        ("чувствуется запах бытового газа на кухне", ["gas"]),
        ("There is a strong smell of gas in the stairwell", ["gas"]),
        ("Gas leak near the school", ["gas"]),
        ("Горит мусорный контейнер, может быть пожар", ["fire"]),
        ("Our basement is on fire, smoke everywhere", ["fire"]),
        ("Застряли в лифте с бабушкой, 5 этаж", ["trapped"]),
        ("A man is trapped in the lift", ["trapped"]),
        ("Нет отопления вторые сутки, дома грудной ребёнок", ["cold_child"]),
        ("У нас маленькие дети, а батареи совсем холодные", ["cold_child"]),
        ("There is no heating and we have a baby", ["cold_child"]),
        ("Застряли в лифте, пахнет газом", ["gas", "trapped"]),
    ],
)
def test_it_is_heard(text: str, kinds: list[str]) -> None:
    assert urgencies(text) == kinds


@pytest.mark.parametrize(
    "text",
    [
        "Прошу проверить газовый счётчик",
        "Газон не стрижен с июля",
        "Не горит фонарь у дома 5",
        "Пожарный гидрант покрашен в жёлтый цвет",
        "У дома нет пожарной лестницы",
        "Машина застряла в снегу на Лесной",
        "My car got stuck in the snow",
        "Детская площадка сломана, дети падают",
        "Батареи холодные",
        "Please repair the fire hydrant",
        "Газом не пахнет, но счётчик стоит",
        "The lamp is burning all day",
    ],
)
def test_what_only_sounds_so_is_not(text: str) -> None:
    assert urgencies(text) == []
