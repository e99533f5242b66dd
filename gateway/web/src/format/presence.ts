/** Whether a device can be believed to answer, in words of the dictionary. */
import type { DeviceOut } from "../api/types";

export function presence(device: Pick<DeviceOut, "online" | "edge_online">) {
  if (!device.edge_online) return "edgeGone";
  if (device.online === null) return "notHeard";
  return device.online ? "online" : "lost";
}
