import { expect, test } from "vitest";
import { safePath } from "./sign-in-path";

test("after signing in one goes only to a page of this site", () => {
  expect(
    [
      "/control/case/7?tab=overdue",
      "//evil.example",
      "/\\evil.example",
      "https://evil.example",
      null,
    ].map(safePath),
  ).toEqual(["/control/case/7?tab=overdue", null, null, null, null]);
});
