import { useState } from "react";

interface Row {
  id: number;
}

export interface Held<T> {
  rows: T[];
  /** Rows that wait to be shown. */
  waiting: T[];
}

/** Keep the order and the members shown before; what is known of them stays fresh. */
export function hold<T extends Row>(shown: readonly number[], fresh: readonly T[]): Held<T> {
  const byId = new Map(fresh.map((row) => [row.id, row]));
  const rows = shown.flatMap((id) => byId.get(id) ?? []);
  const known = new Set(shown);
  return { rows, waiting: fresh.filter((row) => !known.has(row.id)) };
}

/**
 * Rows that do not move under the hand: while `held`, new ones wait until they are let in.
 * `list` names the list; another list is shown at once.
 */
export function useHeldRows<T extends Row>(fresh: readonly T[], held: boolean, list: string) {
  const [shown, setShown] = useState({ list, ids: [] as number[] });
  const ids = fresh.map((row) => row.id);
  const same = shown.ids.length === ids.length && shown.ids.every((id, at) => id === ids[at]);
  const first = shown.ids.length === 0;
  if ((!held || first || shown.list !== list) && !(same && shown.list === list))
    setShown({ list, ids });
  const letIn = () => setShown({ list, ids });
  return { ...hold(shown.ids, fresh), letIn };
}
