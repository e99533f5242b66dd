import { expect, test } from "vitest";
import type { Change } from "../../api/types";
import { caseRow, incident } from "../../testing";
import { eventOf, firstEvents, withNew } from "./tape";

const change = (seq: number, part: Partial<Change>): Change =>
  ({ kind: "change", seq, at: "2026-11-22T12:00:00Z", topic: "case", ...part }) as Change;

test("an incident is told by what happened to it last", () => {
  const acknowledged = incident({ cleared_at: "2026-11-22T11:05:00Z", acknowledged_at: "2026-11-22T11:06:00Z" });
  const cleared = incident({ cleared_at: "2026-11-22T11:07:00Z", acknowledged_at: "2026-11-22T11:06:00Z" });
  const told = [incident({}), acknowledged, cleared].map((each) => eventOf(change(1, { topic: "incident", incident: each }))?.what.kind);
  expect(told).toEqual(["raised", "acknowledged", "cleared"]);
});

test("the newest event is on top", () => {
  const first = withNew([], [change(1, { case: caseRow({ id: 7 }) }), change(2, { case: caseRow({ id: 8 }) })]);
  expect(first.map((event) => event.link)).toEqual(["/control/case/8", "/control/case/7"]);
});

test("a tape that begins knows what was raised before", () => {
  const events = firstEvents([incident({ id: 1 }), incident({ id: 2, raised_at: "2026-11-22T11:30:00Z" })]);
  expect(events.map((event) => event.id)).toEqual(["incident-2", "incident-1"]);
});

test("a case that only took in one more incident is not told again", () => {
  const folded = withNew([], [change(1, { case: caseRow({ id: 7 }) }), change(2, { case: caseRow({ id: 7, incidents: 2 }) })]);
  expect(folded).toHaveLength(1);
  expect(withNew(folded, [change(3, { case: caseRow({ id: 7, state: "accepted" }) })])).toHaveLength(2);
});
