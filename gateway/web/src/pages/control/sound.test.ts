import { expect, test } from "vitest";
import { caseRow } from "../../testing";
import { voiceFor } from "./sound";

test("critical is heard before high", () => {
  const rows = [
    caseRow({ priority: "high", unacknowledged: 1 }),
    caseRow({ priority: "critical", unacknowledged: 1 }),
  ];
  expect(voiceFor(rows)?.priority).toBe("critical");
});

test("what is acknowledged or closed is silent", () => {
  const rows = [
    caseRow({ priority: "critical" }),
    caseRow({ priority: "high", unacknowledged: 1, closed_at: "2026-11-22T11:00:00Z" }),
    caseRow({ priority: "medium", unacknowledged: 1 }),
  ];
  expect(voiceFor(rows)).toBeNull();
});
