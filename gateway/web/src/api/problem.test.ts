import { expect, test } from "vitest";
import { ApiError, isRefused } from "./problem";

const BOTH = { field: "body.description", en: "Too long.", ru: "Слишком длинно.", message: "Too long." };

function refused(...errors: Record<string, string>[]) {
  const status = 422;
  return new ApiError(status, { type: "", title: "", status, detail: "In English.", errors });
}

test("what the server says about a field is given in the language of the page", () => {
  expect(refused(BOTH).field("ru", "description")).toBe("Слишком длинно.");
});

test("a field is found under any of its names", () => {
  const found = refused({ ...BOTH, field: "latitude" }).field("en", "place", "latitude");
  expect(found).toBe("Too long.");
});

test("what the server knows in one language only is given in that", () => {
  expect(refused({ field: "email", message: "No." }).field("ru", "email")).toBe("No.");
});

test("all points are said in the language of the page", () => {
  expect(refused(BOTH, { ru: "И ещё." }).words("ru")).toBe("Слишком длинно. И ещё.");
});

test("the detail speaks where a point has no words in the language", () => {
  expect(refused(BOTH, { message: "No." }).words("ru")).toBe("In English.");
});

test.each([
  [0, false],
  [403, true],
  [404, true],
  [429, false],
  [503, false],
])("an answer of status %d is the last word: %s", (status, isFinal) => {
  expect(isRefused(new ApiError(status, null))).toBe(isFinal);
});
