import { expect, test } from "vitest";
import type { CommissionedDevice } from "../../../api/types";
import { lacks, STEPS } from "./steps";

const device: CommissionedDevice = {
  device: "meter-1",
  name: {},
  assets: [],
  place: "lesnaya-5",
  address: {},
  profile: "meter",
  serial: "",
  edge: "edge-1",
  line: "line-1",
  unit: "1",
  seen: true,
  online: true,
  reason: "",
  edge_online: true,
  first_good: null,
  plausible: "unjudged",
  implausible: [],
  signed: null,
  changed: [],
  history: [],
};
const lacking = (part: Partial<CommissionedDevice>) =>
  STEPS.filter((step) => lacks({ ...device, ...part }, step));

test("a device without ranges lacks nothing but its reading and its signature", () => {
  expect(lacking({})).toEqual(["good", "signed"]);
});

test("a device that its edge lost is not there", () => {
  expect(lacking({ online: false, plausible: "no" })).toEqual([
    "seen",
    "good",
    "plausible",
    "signed",
  ]);
});
