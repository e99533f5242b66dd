import type { CaseRow, IncidentOut, Priority } from "../../../api/types";
import { PRIORITIES, rank } from "../../../parts/priority";

export const TABS = ["open", "unacknowledged", "escalated", "overdue", "closed"] as const;
export type Tab = (typeof TABS)[number];
export const SORTS = ["priority", "deadline", "newest"] as const;
export type Sort = (typeof SORTS)[number];

const isOpen = (row: CaseRow) => row.closed_at === null;

export function belongs(row: CaseRow, tab: Tab, now: number): boolean {
  switch (tab) {
    // Closed a moment ago: greyed, but still there.
    case "open":
      return true;
    case "unacknowledged":
      return waits(row);
    case "escalated":
      return isOpen(row) && row.escalated_to !== "";
    case "overdue":
      return isOpen(row) && isOverdue(row, now);
    case "closed":
      return !isOpen(row);
  }
}

/**
 * True while nobody has seen to it: an incident is not acknowledged, or it is only a resident's word
 * and nobody has accepted the case.
 */
export const waits = (row: CaseRow) =>
  isOpen(row) &&
  (row.unacknowledged > 0 ||
    (row.incidents === 0 && (row.state === "new" || row.state === "routed")));

const FLASH_MS = 120_000;

/** What nobody has seen, and is not suppressed. */
export const WAITING: ReadonlySet<IncidentOut["state"]> = new Set([
  "unacknowledged",
  "returned_unacknowledged",
]);

/** Give, by case, when its newest unacknowledged incident was raised; ms since 1970. */
export function newestRaises(incidents: readonly IncidentOut[]): Map<number, number> {
  const raises = new Map<number, number>();
  for (const { case: id, state, raised_at } of incidents) {
    if (id === null || !WAITING.has(state)) continue;
    raises.set(id, Math.max(raises.get(id) ?? 0, Date.parse(raised_at)));
  }
  return raises;
}

/** True for two minutes after a case was opened or got an incident, if nobody has seen to it. */
export const flashes = (row: CaseRow, raisedAt: number | undefined, now: number) =>
  waits(row) && now - Math.max(Date.parse(row.opened_at), raisedAt ?? 0) < FLASH_MS;

/** Overdue by the server's word, or by the clock since that word. */
export const isOverdue = (row: CaseRow, now: number) =>
  row.overdue || (row.due_at !== null && isOpen(row) && Date.parse(row.due_at) < now);

const dueTime = (row: CaseRow) => (row.due_at === null ? Infinity : Date.parse(row.due_at));

type Compare = (a: CaseRow, b: CaseRow) => number;
const openFirst: Compare = (a, b) => Number(isOpen(b)) - Number(isOpen(a));
const byRank: Compare = (a, b) => rank(b.priority) - rank(a.priority);
const waitingFirst: Compare = (a, b) => Number(waits(b)) - Number(waits(a));
const byDue: Compare = (a, b) => (dueTime(a) === dueTime(b) ? 0 : dueTime(a) - dueTime(b));
const newestFirst: Compare = (a, b) => b.id - a.id;

const ORDERS: Record<Sort, Compare[]> = {
  priority: [openFirst, byRank, waitingFirst, byDue, newestFirst],
  deadline: [openFirst, byDue, byRank, newestFirst],
  newest: [newestFirst],
};

export function sorted(rows: readonly CaseRow[], sort: Sort): CaseRow[] {
  const orders = ORDERS[sort];
  return rows.toSorted((a, b) => {
    for (const order of orders) {
      const way = order(a, b);
      if (way) return way;
    }
    return 0;
  });
}

/** True when every typed word is somewhere in the row's number, words, address or executor. */
export function matches(row: CaseRow, typed: string, language: string): boolean {
  const words = typed.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return true;
  const own = [row.title, row.address, row.executor_name].map(
    (text) => text[language] ?? text["en"] ?? "",
  );
  const all = [`#${row.id}`, row.category, ...own].join(" ").toLocaleLowerCase();
  return words.every((word) => all.includes(word));
}

export interface Count {
  priority: Priority;
  unacknowledged: number;
  active: number;
  overdue: number;
}

/** Count the open cases of each priority. */
export function countsOf(rows: readonly CaseRow[], now: number): Count[] {
  return PRIORITIES.map((priority) => {
    const own = rows.filter((row) => row.priority === priority && isOpen(row));
    return {
      priority,
      unacknowledged: own.filter(waits).length,
      active: own.length,
      overdue: own.filter((row) => isOverdue(row, now)).length,
    };
  });
}
