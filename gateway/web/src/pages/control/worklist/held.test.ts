import { act, renderHook } from "@testing-library/react";
import { expect, test } from "vitest";
import { hold, useHeldRows } from "./held";

const rows = (...ids: number[]) => ids.map((id) => ({ id }));
const ids = (list: { id: number }[]) => list.map((row) => row.id);

test("a held list keeps its order and lets new rows wait", () => {
  const held = hold([1, 2, 3], rows(9, 3, 1, 2));
  expect([ids(held.rows), ids(held.waiting)]).toEqual([[1, 2, 3], [9]]);
});

test("a row that is gone leaves a held list", () => {
  expect(ids(hold([1, 2, 3], rows(1, 3)).rows)).toEqual([1, 3]);
});

test("rows come in when the hand lets go or asks for them", () => {
  const hook = renderHook(({ fresh, held }) => useHeldRows(fresh, held, "open"), {
    initialProps: { fresh: rows(1), held: false },
  });
  hook.rerender({ fresh: rows(2, 1), held: true });
  expect(ids(hook.result.current.rows)).toEqual([1]);
  act(() => hook.result.current.letIn());
  expect(ids(hook.result.current.rows)).toEqual([2, 1]);
  hook.rerender({ fresh: rows(3, 2, 1), held: false });
  expect(ids(hook.result.current.rows)).toEqual([3, 2, 1]);
});
