/** Changes from the WebSocket laid over what was fetched. Pure; the same object where nothing changed. */
import type { CaseRow, Change, DeviceOut, EdgeOut, IncidentOut } from "../api/types";

/** Closed cases stay on the list, greyed, for this long. */
export const CLOSED_STAYS_MS = 5 * 60_000;

interface Row {
  id: number | string;
}

const always = () => true;

/** Replace rows by their changed selves where those are `newer`; unknown ones come at the end. */
function merged<T extends Row>(
  rows: readonly T[],
  changed: readonly T[],
  newer: (now: T, next: T) => boolean = always,
): T[] {
  const next = new Map<T["id"], T>();
  for (const row of changed) {
    const before = next.get(row.id);
    if (!before || newer(before, row)) next.set(row.id, row);
  }
  const kept = rows.map((row) => {
    const change = next.get(row.id);
    next.delete(row.id);
    return change && newer(row, change) ? change : row;
  });
  return [...kept, ...next.values()];
}

/** Lay changed cases over the list; an older version never replaces a newer one. */
export function mergeCases(
  rows: readonly CaseRow[],
  changed: readonly CaseRow[],
  now: number,
): CaseRow[] {
  const all = merged(rows, changed, (before, next) => next.version >= before.version);
  return all.filter(
    (row) => row.closed_at === null || now - Date.parse(row.closed_at) < CLOSED_STAYS_MS,
  );
}

/** Lay changed incidents over the list of those that are active or wait to be acknowledged. */
export function mergeIncidents(
  rows: readonly IncidentOut[],
  changed: readonly IncidentOut[],
): IncidentOut[] {
  return merged(rows, changed).filter(
    (row) => row.active || row.state === "returned_unacknowledged",
  );
}

export const mergeEdges = (rows: readonly EdgeOut[], changed: readonly EdgeOut[]) =>
  merged(rows, changed);

/** Lay changed devices over the list, keeping the signals that the change does not carry. */
export function mergeDevices(
  rows: readonly DeviceOut[],
  changed: readonly DeviceOut[],
): DeviceOut[] {
  const known = new Map(rows.map((row) => [row.id, row]));
  const whole = changed.map((row) =>
    row.signals.length ? row : { ...row, signals: known.get(row.id)?.signals ?? [] },
  );
  return merged(rows, whole);
}

/** Drop what went to another executor; the same rows where nothing did. */
export function without<T extends Row>(rows: readonly T[], gone: ReadonlySet<T["id"]>): T[] {
  return rows.filter((row) => !gone.has(row.id));
}

/** Give the cases of whose cards something has changed: themselves, or what hangs on them. */
export function touchedCases(changes: readonly Change[]): Set<number> {
  const numbers = [
    ...bodies(changes, "case").map((row) => row.id),
    ...bodies(changes, "incident").map((row) => row.case),
    ...bodies(changes, "command").map((command) => command.case),
  ];
  return new Set(numbers.filter((number) => number !== null));
}

/** Collect the bodies of one topic from a frame's changes. */
export function bodies<T extends Change["topic"]>(
  changes: readonly Change[],
  topic: T,
): NonNullable<Change[T]>[] {
  return changes.flatMap((change) => {
    const body = change[topic];
    return change.topic === topic && body ? [body] : [];
  });
}
