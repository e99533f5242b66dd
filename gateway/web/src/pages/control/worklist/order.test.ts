import { expect, test } from "vitest";
import { caseRow, incident, NOON } from "../../../testing";
import {
  belongs,
  countsOf,
  flashes,
  isOverdue,
  matches,
  newestRaises,
  sorted,
  waits,
} from "./order";

const ids = (rows: { id: number }[]) => rows.map((row) => row.id);

test("the worst priority comes first, then what nobody has acknowledged, then the nearest deadline", () => {
  const rows = [
    caseRow({ id: 1, priority: "low" }),
    caseRow({ id: 2, priority: "high", due_at: "2026-11-22T15:00:00Z" }),
    caseRow({ id: 3, priority: "high", due_at: "2026-11-22T14:00:00Z" }),
    caseRow({ id: 4, priority: "high", due_at: null, unacknowledged: 1 }),
    caseRow({ id: 5, priority: "critical" }),
  ];
  expect(ids(sorted(rows, "priority"))).toEqual([5, 4, 3, 2, 1]);
});

test("closed cases come after open ones whatever their priority", () => {
  const rows = [
    caseRow({ id: 1, priority: "critical", closed_at: "2026-11-22T11:59:00Z" }),
    caseRow({ id: 2, priority: "low" }),
  ];
  expect(ids(sorted(rows, "priority"))).toEqual([2, 1]);
});

test("a case without a deadline comes last by deadline", () => {
  const rows = [
    caseRow({ id: 1, due_at: null, priority: "critical" }),
    caseRow({ id: 2, priority: "low" }),
  ];
  expect(ids(sorted(rows, "deadline"))).toEqual([2, 1]);
});

test("a deadline that passes makes a case overdue without a word from the server", () => {
  const row = caseRow({ due_at: "2026-11-22T12:00:00Z" });
  expect([NOON - 1, NOON + 1].map((now) => isOverdue(row, now))).toEqual([false, true]);
});

test("a closed case is neither unacknowledged nor overdue", () => {
  const row = caseRow({ unacknowledged: 2, overdue: true, closed_at: "2026-11-22T11:59:00Z" });
  expect([belongs(row, "unacknowledged", NOON), belongs(row, "overdue", NOON)]).toEqual([
    false,
    false,
  ]);
});

test("a resident's word waits until somebody accepts the case", () => {
  const row = caseRow({ incidents: 0, appeals: 1, state: "routed" });
  expect([row, { ...row, state: "accepted" as const }].map(waits)).toEqual([true, false]);
});

test("every typed word must be found, in any field of the language", () => {
  const row = caseRow({ id: 417 });
  expect(["лифт лесная", "#417", "лифт садовая"].map((typed) => matches(row, typed, "ru"))).toEqual(
    [true, true, false],
  );
});

test("counters count open cases by priority", () => {
  const rows = [
    caseRow({ priority: "high", unacknowledged: 3 }),
    caseRow({ priority: "high", overdue: true }),
    caseRow({ priority: "high", closed_at: "2026-11-22T11:59:00Z" }),
  ];
  expect(countsOf(rows, NOON)[1]).toEqual({
    priority: "high",
    unacknowledged: 1,
    active: 2,
    overdue: 1,
  });
});

test("a case flashes for two minutes", () => {
  const row = caseRow({ unacknowledged: 1, opened_at: "2026-11-22T12:00:00Z" });
  const seen = [119_999, 120_000].map((after) => flashes(row, NOON, NOON + after));
  expect(seen).toEqual([true, false]);
});

test("an old case flashes again when one more incident is raised in it", () => {
  const row = caseRow({ unacknowledged: 1, opened_at: "2026-11-22T11:00:00Z" });
  const raises = newestRaises([
    incident({ id: 1, raised_at: "2026-11-22T11:00:00Z" }),
    incident({ id: 2, raised_at: "2026-11-22T12:00:00Z" }),
    incident({ id: 3, raised_at: "2026-11-22T12:05:00Z", acknowledged: true, state: "acknowledged" }),
  ]);
  const seen = [119_999, 120_000].map((after) => flashes(row, raises.get(1), NOON + after));
  expect(seen).toEqual([true, false]);
});

test("a case that somebody has seen to does not flash", () => {
  expect(flashes(caseRow({ opened_at: "2026-11-22T12:00:00Z" }), NOON, NOON)).toBe(false);
});
