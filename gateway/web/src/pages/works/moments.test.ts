import { expect, it } from "vitest";
import { local, moment } from "./moments";

it("gives back the minute that was typed", () => {
  expect(local(new Date(moment("2026-11-26T09:05")))).toBe("2026-11-26T09:05");
});

it("gives nothing for an empty field", () => {
  expect(moment("")).toBe("");
});
