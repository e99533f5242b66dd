import { expect, test, vi } from "vitest";
import { isBad, isGood, LatestValues } from "./values";

const block = (time: number, value: number) => ({
  device: ["a", "b"],
  signal: ["x", "x"],
  time_ms: [time, time],
  value: [value, value],
  quality: [0, 0],
});

test("the latest reading of a signal is kept", () => {
  const values = new LatestValues();
  values.take(block(1, 5));
  values.take(block(2, 6));
  expect(values.of("a", "x")).toEqual({ value: 6, quality: 0, time: 2 });
});

test("an older reading does not replace a newer one", () => {
  const values = new LatestValues();
  values.take(block(2, 6));
  values.take(block(1, 5));
  expect(values.of("a", "x")?.value).toBe(6);
});

test("only who watches the signal is told, and once a block", () => {
  const values = new LatestValues();
  const [own, other] = [vi.fn(), vi.fn()];
  values.watch("a", "x", own);
  values.watch("a", "y", other);
  values.take(block(1, 5));
  expect([own.mock.calls.length, other.mock.calls.length]).toEqual([1, 0]);
});

test("the verdict is in the top two bits of the quality", () => {
  expect(
    [0b0000_0100, 0b0100_0000, 0b1000_0001].map((code) => [isGood(code), isBad(code)]),
  ).toEqual([
    [true, false],
    [false, false],
    [false, true],
  ]);
});
