"""What stands in streets: lamps and their cabinets, traffic lights, air sensors, cameras."""

from collections.abc import Sequence

from core.registry import Endpoint, Feed
from core.text import filled
from simulators.camera.road import calibration
from simulators.town.addresses import Ports
from simulators.town.draft import Draft
from simulators.town.organisations import MANAGER
from simulators.town.plan import STREETS, House, crossings, lon_lat
from simulators.world.traffic import RED, RED_AMBER

LAMPS_A_STREET = 25
AIR_SENSOR_STREETS = ("lesnaya", "sadovaya", "mira", "mostovaya", "naberezhnaya", "zavodskaya",
                      "vokzalnaya", "polevaya")  # fmt: skip

CABINET = {"ru": "Шкаф освещения, {street}", "en": "Lighting cabinet, {street}"}
LAMP = {"ru": "Светильник {number}, {street}", "en": "Street light {number}, {street}"}
CONTROLLER = {"ru": "Светофор, {a} / {b}", "en": "Traffic lights, {a} / {b}"}
HEAD = {"ru": "Светофорная головка {number}, {a} / {b}", "en": "Signal head {number}, {a} / {b}"}
AIR = {"ru": "Датчик воздуха, {street}", "en": "Air sensor, {street}"}
ROAD_CAMERA = {"ru": "Камера перекрёстка, {a} / {b}", "en": "Crossing camera, {a} / {b}"}
YARD_CAMERA = {"ru": "Дворовая камера, {address}", "en": "Yard camera, {address}"}


def add_lighting(draft: Draft) -> None:
    """One cabinet a street, away from crossings and the bridge, feeds lamps on both sides."""
    for street in STREETS:
        name = {"ru": street.ru, "en": street.en}
        cabinet = f"cabinet-{street.id}"
        draft.add_asset(
            cabinet, "feeder_cabinet", filled(CABINET, street=name),
            place=street.id, owner="city-light", at=lon_lat(street.at(0.3 * street.length, 12.0)),
        )  # fmt: skip
        draft.add_device("generic-feeder-cabinet", "town-broker", street.id)
        for number in range(1, LAMPS_A_STREET + 1):
            along = street.length * (number - 0.5) / LAMPS_A_STREET
            lamp = f"lamp-{street.id}-{number}"
            draft.add_asset(
                lamp, "street_light", filled(LAMP, number=number, street=name), place=street.id,
                owner="city-light", at=lon_lat(street.at(along, 8.0 if number % 2 else -8.0)),
            )  # fmt: skip
            draft.add_device("generic-street-light", "town-broker", f"{street.id}-{number}")
            draft.feeds.append(Feed(source=cabinet, target=lamp))


def add_traffic(draft: Draft, ports: Ports, edge: str) -> None:
    """A controller and four signal heads at each crossing with lights."""
    for index, crossing in enumerate(crossings()):
        pair = f"{crossing.first.id}-{crossing.second.id}"
        a = {"ru": crossing.first.ru, "en": crossing.first.en}
        b = {"ru": crossing.second.ru, "en": crossing.second.en}
        endpoint = Endpoint(
            id=f"traffic-{pair}", edge=edge, protocol="modbus",
            address=f"modbus+tcp://127.0.0.1:{ports.traffic + index}",
        )  # fmt: skip
        draft.endpoints.append(endpoint)
        x, y = crossing.middle
        controller = f"traffic-{pair}"
        draft.add_asset(
            controller, "traffic_controller", filled(CONTROLLER, a=a, b=b),
            place=crossing.second.id, owner="road-office", at=lon_lat((x + 14.0, y + 14.0)),
        )  # fmt: skip
        draft.add_device("generic-traffic-controller", endpoint.id, "1")
        for number, (east, north) in enumerate(((0, 9), (9, 0), (0, -9), (-9, 0)), start=1):
            head = f"signal-{pair}-{number}"
            draft.add_asset(
                head, "traffic_signal", filled(HEAD, number=number, a=a, b=b),
                place=crossing.second.id, owner="road-office", at=lon_lat((x + east, y + north)),
            )  # fmt: skip
            draft.feeds.append(Feed(source=controller, target=head))


def add_air_sensors(draft: Draft) -> None:
    """One sensor in the middle of each of eight streets."""
    for street in STREETS:
        if street.id in AIR_SENSOR_STREETS:
            name = {"ru": street.ru, "en": street.en}
            draft.add_asset(
                f"air-{street.id}", "air_sensor", filled(AIR, street=name), place=street.id,
                owner="road-office", at=lon_lat(street.at(street.length / 2, -11.0)),
            )  # fmt: skip
            draft.add_device("generic-air-sensor", "town-broker", street.id)


def add_cameras(draft: Draft, houses: Sequence[House], ports: Ports, edge: str) -> None:
    """A camera over the crossing by the bridge and one in a yard, from one camera server."""
    crossing = crossings()[0]
    a = {"ru": crossing.first.ru, "en": crossing.first.en}
    b = {"ru": crossing.second.ru, "en": crossing.second.en}
    pair = f"{crossing.first.id}-{crossing.second.id}"
    for name in ("road-camera", "yard-camera"):
        draft.endpoints.append(
            Endpoint(
                id=name, edge=edge, protocol="camera",
                address=f"http://127.0.0.1:{ports.camera}/{name}.mjpeg",
            )
        )  # fmt: skip
    draft.add_asset(
        f"road-camera-{pair}", "camera", filled(ROAD_CAMERA, a=a, b=b), place=crossing.second.id,
        owner="road-office", at=lon_lat((crossing.middle[0] - 18.0, crossing.middle[1] - 18.0)),
    )  # fmt: skip
    draft.add_device(
        "generic-road-camera",
        "road-camera",
        "1",
        {
            "controller": f"traffic-{pair}-d1",
            "signal": "head_1",
            "red": [RED, RED_AMBER],
            "approach": calibration(),
        },
    )
    house = houses[0]
    draft.add_asset(
        f"yard-camera-{house.id}", "camera", filled(YARD_CAMERA, address=house.address),
        place=house.id, owner=MANAGER[house.street.bank], at=lon_lat(house.corners[2]),
    )  # fmt: skip
    draft.add_device("generic-yard-camera", "yard-camera", "1")
