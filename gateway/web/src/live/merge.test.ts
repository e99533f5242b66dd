import { expect, test } from "vitest";
import type { Change } from "../api/types";
import { caseRow, incident, NOON } from "../testing";
import { mergeCases, mergeIncidents, touchedCases, without } from "./merge";

test("a changed case takes the place of its older self", () => {
  const rows = [caseRow({ id: 1 }), caseRow({ id: 2 })];
  const merged = mergeCases(rows, [caseRow({ id: 1, version: 2, state: "accepted" })], NOON);
  expect(merged.map((row) => [row.id, row.state])).toEqual([
    [1, "accepted"],
    [2, "routed"],
  ]);
});

test("an older version that comes late changes nothing", () => {
  const rows = [caseRow({ id: 1, version: 3, state: "accepted" })];
  expect(mergeCases(rows, [caseRow({ id: 1, version: 2 })], NOON)).toEqual(rows);
});

test("of two changes in one frame the newer version wins whatever their order", () => {
  const changes = [
    caseRow({ version: 3, state: "resolved" }),
    caseRow({ version: 2, state: "accepted" }),
  ];
  expect(mergeCases([], changes, NOON).map((row) => row.state)).toEqual(["resolved"]);
});

test("a row that did not change stays the same object", () => {
  const other = caseRow({ id: 2 });
  expect(mergeCases([other], [caseRow({ id: 1 })], NOON)[0]).toBe(other);
});

test("a closed case stays for five minutes and then goes", () => {
  const closed = caseRow({ state: "closed", closed_at: "2026-11-22T12:00:00Z" });
  expect(mergeCases([closed], [], NOON + 299_000)).toHaveLength(1);
  expect(mergeCases([closed], [], NOON + 300_000)).toHaveLength(0);
});

test("a case that went to another executor leaves the list", () => {
  const rows = [caseRow({ id: 1 }), caseRow({ id: 2 })];
  expect(without(rows, new Set([1])).map((row) => row.id)).toEqual([2]);
});

test("an incident that is normal again leaves the list", () => {
  const rows = [incident({ id: 1 }), incident({ id: 2 })];
  expect(mergeIncidents(rows, [incident({ id: 1, state: "normal", active: false })]).map((row) => row.id)).toEqual(
    [2],
  );
});

test("the card of a case is fetched again after what hangs on it: an incident, a command", () => {
  const change = (topic: Change["topic"], body: object) =>
    ({ kind: "change", seq: 1, at: "2026-11-22T12:00:00Z", topic, [topic]: body }) as Change;
  const changes = [
    change("case", caseRow({ id: 1 })),
    change("incident", incident({ case: 2 })),
    change("command", { case: 3 }),
    change("command", { case: null }),
  ];
  expect([...touchedCases(changes)]).toEqual([1, 2, 3]);
});
