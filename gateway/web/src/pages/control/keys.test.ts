import { expect, test } from "vitest";
import { actOf } from "./keys";

const press = (code: string, more: object = {}) => ({
  code,
  key: "",
  shiftKey: false,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  target: document.body,
  ...more,
});

test("keys are known by their place, so that a Cyrillic layout works", () => {
  expect(actOf(press("KeyA", { key: "ф" }))).toBe("acknowledge");
});

test("a question mark asks for help in both layouts", () => {
  expect(
    [
      press("Slash", { key: "?", shiftKey: true }),
      press("Digit7", { key: "?", shiftKey: true }),
    ].map(actOf),
  ).toEqual(["help", "help"]);
});

test("what is typed into a field is no command", () => {
  expect(actOf(press("KeyX", { target: document.createElement("textarea") }))).toBeNull();
});

test("Enter on a button presses the button", () => {
  expect(actOf(press("Enter", { target: document.createElement("button") }))).toBeNull();
});

test("the browser's own combinations are left alone", () => {
  expect(actOf(press("KeyN", { ctrlKey: true }))).toBeNull();
});
