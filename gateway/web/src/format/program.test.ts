import { describe, expect, it } from "vitest";
import type { SignalOut } from "../api/types";
import { ownSignals, toldOf } from "./program";

const signal = (key: string): SignalOut => ({
  key,
  name: { en: key },
  unit: "1",
  kind: "state",
  writable: false,
  minimum: null,
  maximum: null,
  states: {},
  by_hand: [],
  value: null,
  quality: null,
  time: null,
});

const GOVERNED = ["contactor_wanted", "contactor_control", "contactor_changes_at", "contactor_obeyed"];

describe("what is told of a programme", () => {
  it("is found by the signal that it sets", () => {
    const told = toldOf("contactor", ["contactor", ...GOVERNED].map(signal));
    expect(told?.changes_at.key).toBe("contactor_changes_at");
  });

  it("is nothing where no programme governs the signal", () => {
    expect(toldOf("contactor", ["contactor", "contactor_wanted"].map(signal))).toBeNull();
  });

  it("does not stand among the device's own signals", () => {
    const shown = ownSignals(["mains", "contactor", ...GOVERNED, "contactor_sun"].map(signal));
    expect(shown.map((each) => each.key)).toEqual(["mains", "contactor", "contactor_sun"]);
  });
});
