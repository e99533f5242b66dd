/** Between moments and what a field of the browser holds: local time without a zone. */

const MINUTE_MS = 60_000;

export function local(at: Date): string {
  const shifted = new Date(at.getTime() - at.getTimezoneOffset() * MINUTE_MS);
  return shifted.toISOString().slice(0, "2026-11-26T09:00".length);
}

export function moment(typed: string): string {
  const at = new Date(typed);
  return Number.isNaN(at.getTime()) ? "" : at.toISOString();
}
