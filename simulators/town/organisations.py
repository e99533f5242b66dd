"""Who does the work in the town, and which case goes to whom."""

from core.registry import Executor
from core.route import Route

REGION = "prirechye"
BANKS = ("left-bank", "right-bank")
MANAGER = {"left-bank": "left-homes", "right-bank": "right-homes"}

EXECUTORS = tuple(
    Executor(id=key, place=place, phone=phone, name={"ru": ru, "en": en})
    for key, place, phone, ru, en in (
        ("lift-service", REGION, "+7 000 555-01-01", "Лифтсервис", "Lift Service"),
        ("city-light", REGION, "+7 000 555-01-02", "Горсвет", "City Light"),
        ("heating-network", REGION, "+7 000 555-01-03", "Теплосеть", "Heating Network"),
        ("water-utility", REGION, "+7 000 555-01-04", "Водоканал", "Water Utility"),
        ("power-grid", REGION, "+7 000 555-01-05", "Электросети", "Power Grid"),
        ("road-office", REGION, "+7 000 555-01-06", "Дорожная служба", "Road Office"),
        ("emergency-gas", REGION, "+7 000 555-01-07", "Аварийная газовая служба", "Gas Emergency"),
        ("telemetry-service", REGION, "+7 000 555-01-08", "Служба телеметрии", "Telemetry Service"),
        ("left-homes", "left-bank", "+7 000 555-02-01", "УК «Левобережье»", "Left Bank Homes"),
        ("right-homes", "right-bank", "+7 000 555-02-02", "УК «Правобережье»", "Right Bank Homes"),
    )
)

_BY_CATEGORY = {
    "lift.": "lift-service",
    "lighting.": "city-light",
    "heating.": "heating-network",
    "electricity.": "power-grid",
    "traffic.": "road-office",
    "gas.": "emergency-gas",
    "air.": "road-office",
    "device.edge": "telemetry-service",
    "device.refused": "telemetry-service",
}
_OWNERS = (
    "lift-service",
    "city-light",
    "heating-network",
    "water-utility",
    "power-grid",
    "road-office",
    "emergency-gas",
)

# First match wins: the trade, then whoever owns the thing, then whoever keeps the houses.
ROUTES = (
    *(Route(category=category, executor=executor) for category, executor in _BY_CATEGORY.items()),
    Route(category="water.none", executor="water-utility"),
    *(Route(owner=owner, executor=owner) for owner in _OWNERS),
    *(Route(place=bank, executor=MANAGER[bank]) for bank in BANKS),
    Route(place=REGION, executor="road-office"),
)
