"""What strangers may read of a message."""

import pytest

from gateway.language.marks import masked_text


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Звоните 8 (910) 123-45-67 вечером", "Звоните *** вечером"),
        ("Пишите на anna.k@mail.example.", "Пишите на ***."),
        ("Машина А123ВС46 на газоне", "Машина *** на газоне"),
        ("Лесная 5, кв. 12, нет света", "Лесная 5, кв. ***, нет света"),
        ("Сосед Иванов Пётр Сергеевич шумит", "Сосед *** шумит"),
        ("Меня зовут Анна, нет света", "Меня зовут ***, нет света"),
        ("My name is John Smith, call (203) 555-0123", "My name is ***, call ***"),
        ("Яма 20 см у дома 5 с 05.03.2026", "Яма 20 см у дома 5 с 05.03.2026"),
        ("", ""),
    ],
)
def test_what_is_personal_is_hidden_and_the_trouble_is_not(said: str, shown: str) -> None:
    assert masked_text(said) == shown
