import { QueryClient } from "@tanstack/react-query";
import { expect, test } from "vitest";
import { keys } from "../api/keys";
import type { CaseRow, Change } from "../api/types";
import { caseRow, NOON } from "../testing";
import { Lists } from "./lists";

const LIST = keys.cases("open");
const change = (topic: "case" | "gone", body: object) =>
  ({ kind: "change", seq: 1, at: "2026-11-22T12:00:00Z", topic, [topic]: body }) as Change;

/** Fetch the list of cases; `during` happens before the answer comes. */
async function fetched(answer: CaseRow[], during: (lists: Lists) => void) {
  const cache = new QueryClient();
  const lists = new Lists(cache, () => NOON);
  lists.start();
  let come: (rows: CaseRow[]) => void = () => undefined;
  const coming = new Promise<CaseRow[]>((resolve) => (come = resolve));
  const fetching = cache.query({ queryKey: LIST, queryFn: () => coming });
  during(lists);
  come(answer);
  await fetching;
  return cache.getQueryData<CaseRow[]>(LIST)?.map((row) => [row.id, row.state]);
}

test("a case that was opened while the list was on its way is in the list", async () => {
  const rows = await fetched([caseRow({ id: 1 })], (lists) =>
    lists.lay([change("case", caseRow({ id: 2 }))]),
  );
  expect(rows).toEqual([
    [1, "routed"],
    [2, "routed"],
  ]);
});

test("an answer that is newer than what came before it stays", async () => {
  const newer = caseRow({ id: 1, version: 3, state: "accepted" });
  const rows = await fetched([newer], (lists) =>
    lists.lay([change("case", caseRow({ id: 1, version: 2 }))]),
  );
  expect(rows).toEqual([[1, "accepted"]]);
});

test("work that went away and came back while the list was on its way is there", async () => {
  const rows = await fetched([caseRow({ id: 1 })], (lists) =>
    lists.lay([change("gone", { case: 1 }), change("case", caseRow({ id: 1 }))]),
  );
  expect(rows).toEqual([[1, "routed"]]);
});
