"""What residents say, by category, the way people write. `{address}` is where they are."""

COMPLAINTS: dict[str, tuple[str, ...]] = {
    "lighting.dark": (
        "Не горят фонари, {address}, темно, идти страшно.",
        "У нас вся улица без света! {address}. Ребёнок с тренировки идёт в темноте.",
        "Фонари погасли минут десять назад. {address}",
        "Опять нет освещения: {address}. Почините, пожалуйста.",
        "Street lights are out near {address}. It is pitch dark.",
        "No light in the whole street, {address}. Somebody will break a leg here.",
    ),
    "lift.stopped": (
        "Лифт не работает. {address}. На девятый этаж с коляской пешком.",
        "Застрял лифт между этажами, {address}, кнопки не отвечают.",
        "Лифт опять стоит, {address}. Мама после операции не может выйти.",
        "The lift does not come. {address}. Please send somebody.",
    ),
    "lift.trapped": (
        "В лифте человек застрял, стучит! {address}",
        "Сосед застрял в лифте, {address}, диспетчер не отвечает.",
        "Somebody is stuck in the lift at {address} and is calling for help.",
    ),
    "heating.none": (
        "Батареи холодные, {address}. Дома дети.",
        "Отопление еле тёплое, {address}, в комнате 16 градусов.",
        "С вечера остыли батареи. {address}",
        "The radiators went cold this evening, {address}.",
    ),
    "water.leak": (
        "Течёт вода в подъезде, {address}, капает с потолка.",
        "Заливает соседей снизу! {address}",
        "Water is running down the wall, {address}.",
    ),
    "electricity.quality": (
        "Лампочки моргают и гудят, {address}. Боимся за холодильник.",
        "Напряжение скачет, телевизор выключается. {address}",
        "The lights flicker and something hums, {address}.",
    ),
    "gas.leak": (
        "Пахнет газом у подвала. {address}. Приезжайте скорее!",
        "There is a smell of gas near the basement door, {address}.",
    ),
    "traffic.signal": (
        "Светофор мигает жёлтым, {address}, машины не пропускают.",
        "The traffic lights are flashing, {address}, crossing is scary.",
    ),
}

NAMES = (
    "Анна", "Игорь Петрович", "Мария", "Сергей", "Елена Викторовна", "Тимур", "Ольга", "Kate",
    "Павел", "Зульфия", "John",
)  # fmt: skip
