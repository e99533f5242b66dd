import { expect, test } from "vitest";
import { ageOf, trustOf, type Health } from "./health";

const health: Health = { phase: "open", heardAt: 100_000, dataAge: 0.5 };

test("between two pulses the age is that of the data", () => {
  expect(ageOf(health, 102_000)).toBe(0.5);
});

test("on a lost line the silence counts as well", () => {
  expect(ageOf({ ...health, phase: "waiting" }, 120_000)).toBe(20.5);
});

test("before any device has spoken only silence makes the picture old", () => {
  expect(ageOf({ ...health, dataAge: null }, 110_000)).toBe(10);
});

test("amber begins at 12 s and red at 30 s", () => {
  expect([11.9, 12, 29.9, 30].map(trustOf)).toEqual(["good", "amber", "amber", "red"]);
});
