import { expect, test } from "vitest";
import type { Change } from "../../api/types";
import { caseRow, incident } from "../../testing";
import { eventOf, firstEvents, folded, withNew } from "./tape";

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

const lost = (id: number, part: Partial<Change> = {}) =>
  change(id, { topic: "incident", incident: incident({ id, case: 7, asset: `lamp-${id}` }), ...part });

test("what one cause does at one go is one line", () => {
  const burst = withNew([], [lost(1), lost(2), change(3, { case: caseRow({ id: 7 }) }), lost(4)]);
  const lines = folded(burst).map((line) => line.map((event) => event.asset ?? event.link));
  expect(lines).toEqual([["lamp-4", "lamp-2", "lamp-1"], ["lift-7"]]);
});

test("a burst goes on while less than five seconds pass between two of its events", () => {
  const at = (id: number, second: number) => lost(id, { at: `2026-11-22T12:00:${second}Z` });
  const lines = folded(withNew([], [at(1, 10), at(2, 15), at(3, 20), at(4, 26)]));
  expect(lines.map((line) => line.map((event) => event.asset))).toEqual([["lamp-4"], ["lamp-3", "lamp-2", "lamp-1"]]);
});

test("another time, another cause and another thing said are lines of their own", () => {
  const later = lost(2, { at: "2026-11-22T12:00:06Z" });
  const otherCause = lost(3, { incident: incident({ id: 3, case: 8 }) });
  const cleared = lost(4, { incident: incident({ id: 4, case: 7, cleared_at: "2026-11-22T11:05:00Z" }) });
  const lines = folded(withNew([], [lost(1), later, otherCause, cleared]));
  expect(lines.map((line) => line.length)).toEqual([1, 1, 1, 1]);
});
