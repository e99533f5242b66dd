import { expect, test } from "vitest";
import { offDial, onDial } from "./dial";

test("what a dial shows is read back as it was", () => {
  expect(offDial(onDial(19229692.375, "en"))).toBe(19229692.375);
  expect(offDial(onDial(19229692.375, "ru"))).toBe(19229692.375);
});

test("spaces between thousands do not count", () => {
  expect(offDial(" 1 949,5 ")).toBe(1949.5);
});

test.each(["", "many", "1,949.5", "-3", "1e5", "."])("%j is no reading", (typed) => {
  expect(offDial(typed)).toBeNull();
});
