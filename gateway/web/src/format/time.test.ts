import { expect, test } from "vitest";
import { ageParts, countdown } from "./time";

test("an age is told in its two largest units", () => {
  expect(
    [59, 60, 3599, 3600, 3 * 3600 + 300, 2 * 86_400 + 4 * 3600].map((seconds) => ageParts(seconds)),
  ).toEqual([
    { key: "seconds", values: { n: 59 } },
    { key: "minutes", values: { n: 1 } },
    { key: "minutes", values: { n: 59 } },
    { key: "hours", values: { h: 1, m: 0 } },
    { key: "hours", values: { h: 3, m: 5 } },
    { key: "days", values: { d: 2, h: 4 } },
  ]);
});

test("a clock that is a little ahead gives no negative age", () => {
  expect(ageParts(-3)).toEqual({ key: "seconds", values: { n: 0 } });
});

test("below an hour a countdown shows the seconds", () => {
  expect([245, 59, 3600].map(countdown)).toEqual(["4:05", "0:59", null]);
});
