"""The town's two cameras: the crossing obeys its traffic controller, both see the town's dusk."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from core.registry import Device
from simulators.camera.road import RoadCamera
from simulators.camera.server import Camera, CameraServer, serve_cameras
from simulators.camera.traffic import Head
from simulators.camera.yard import YardCamera
from simulators.world.traffic import AMBER, FLASHING_AMBER, GREEN
from simulators.world.world import World

HEADS: dict[float, Head] = {GREEN: "green", AMBER: "yellow", FLASHING_AMBER: "yellow"}
RUNNERS_PER_HOUR = 12.0


class TownCameras:
    """`obey` after each step passes on what a tester wished for."""

    def __init__(self, world: World, seed: int) -> None:
        self._world = world
        self._roads: dict[str, RoadCamera] = {}
        self._cameras: dict[str, Camera] = {}
        for device in world.devices.values():
            if device.profile == "generic-road-camera":
                road = self._road_camera(device, seed)
                self._roads[device.id] = road
                self._cameras[device.endpoint] = road
            elif device.profile == "generic-yard-camera":
                self._cameras[device.endpoint] = YardCamera(lambda: world.daylight, seed)

    def serve(self, host: str, port: int) -> AbstractAsyncContextManager[CameraServer]:
        return serve_cameras(self._cameras, host, port, self._world.clock)

    def obey(self) -> None:
        for device, road in self._roads.items():
            if self._world.has(device, "red_light"):
                self._world.set_fault("red_light", device, False)
                road.traffic.provoke()

    def _road_camera(self, device: Device, seed: int) -> RoadCamera:
        """Look along the street of heads 1 and 3 of the controller that the device names."""
        controller = str(device.options["controller"])

        def showing(head: str) -> Callable[[], Head]:
            return lambda: HEADS.get(self._world.value(controller, head), "red")

        return RoadCamera(
            showing("head_1"),
            lambda: self._world.daylight,
            cross_head=showing("head_2"),
            runners_per_hour=RUNNERS_PER_HOUR,
            seed=seed,
        )
