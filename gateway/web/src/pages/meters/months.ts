const MONTHS_SHOWN = 12;

const iso = (year: number, month: number) => new Date(Date.UTC(year, month, 1)).toISOString().slice(0, 10);

/** Give the first day of the month so many months before this one, as "2026-11-01". */
export function monthBefore(today: Date, months: number): string {
  return iso(today.getFullYear(), today.getMonth() - months);
}

/** Give the first day of the month after the one that begins on this day. */
export function nextMonth(first: string): string {
  const [year = 0, month = 1] = first.split("-").map(Number);
  return iso(year, month);
}

/** Give the last months, this one first. */
export const lastMonths = (today: Date) =>
  Array.from({ length: MONTHS_SHOWN }, (_, ago) => monthBefore(today, ago));
