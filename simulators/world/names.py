"""What families and faults are called on the tester's page."""

from core.text import Text

FAMILIES: dict[str, Text] = {
    "heat_point": {"ru": "тепловые пункты", "en": "heat points"},
    "feeder_cabinet": {"ru": "шкафы освещения", "en": "lighting cabinets"},
    "street_light": {"ru": "светильники", "en": "street lights"},
    "heat_meter": {"ru": "теплосчётчики", "en": "heat meters"},
    "electricity_meter": {"ru": "электросчётчики", "en": "electricity meters"},
    "water_meter": {"ru": "счётчики воды", "en": "water meters"},
    "lift": {"ru": "лифты", "en": "lifts"},
    "traffic_controller": {"ru": "светофоры", "en": "traffic lights"},
    "gas": {"ru": "датчики газа", "en": "gas sensors"},
    "air_quality": {"ru": "датчики воздуха", "en": "air sensors"},
    "camera": {"ru": "камеры", "en": "cameras"},
}

FAULTS: dict[str, Text] = {
    "lift_trapped": {"ru": "застрял с пассажиром", "en": "passenger trapped"},
    "lift_stopped": {"ru": "остановился", "en": "stopped"},
    "test_call_missed": {"ru": "не сделал проверочный звонок", "en": "missed its test call"},
    "cabinet_power_lost": {"ru": "пропало питание", "en": "mains lost"},
    "heating_drop": {"ru": "отказ насоса", "en": "pump failure"},
    "meter_stuck": {"ru": "застыл", "en": "stuck"},
    "device_silent": {"ru": "молчит", "en": "silent"},
    "gas": {"ru": "утечка газа", "en": "gas leak"},
    "voltage": {"ru": "перенапряжение", "en": "overvoltage"},
    "conflict": {"ru": "конфликт зелёных", "en": "conflicting greens"},
    "malformed_payload": {"ru": "испорченные сообщения", "en": "malformed messages"},
    "short_answer": {"ru": "короткие ответы", "en": "short answers"},
    "red_light": {"ru": "проезд на красный", "en": "drive through on red"},
}
