import { expect, test } from "vitest";
import { lastMonths, monthBefore, nextMonth } from "./months";

test("a month before January is of the year before", () => {
  expect(monthBefore(new Date(2026, 0, 31), 1)).toBe("2025-12-01");
});

test("a month after December is of the next year", () => {
  expect(nextMonth("2026-12-01")).toBe("2027-01-01");
});

test("a year of months is offered, this one first", () => {
  const months = lastMonths(new Date(2026, 10, 26));
  expect([months[0], months.at(-1), months.length]).toEqual(["2026-11-01", "2025-12-01", 12]);
});
