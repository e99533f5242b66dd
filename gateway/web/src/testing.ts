/** Whole rows for tests, of which each test says only what it is about. */
import type { CaseRow, IncidentOut } from "./api/types";

export const NOON = Date.parse("2026-11-22T12:00:00Z");

export function caseRow(part: Partial<CaseRow>): CaseRow {
  return {
    id: 1,
    version: 1,
    state: "routed",
    priority: "medium",
    category: "lift.stopped",
    title: { ru: "Лифт стоит", en: "Lift stopped" },
    asset: "lift-7",
    place: "lesnaya-5",
    address: { ru: "Лесная, 5", en: "5 Lesnaya" },
    latitude: 54.2,
    longitude: 37.6,
    executor: "lifts",
    executor_name: { ru: "Лифтсервис", en: "Lift Service" },
    opened_at: "2026-11-22T11:00:00Z",
    changed_at: "2026-11-22T11:00:00Z",
    closed_at: null,
    incidents: 1,
    active_incidents: 1,
    unacknowledged: 0,
    hands: 0,
    appeals: 0,
    due_at: "2026-11-22T13:00:00Z",
    due_name: "resolve",
    overdue: false,
    urgent: [],
    repeats: 0,
    nuisance: "",
    first_out: {},
    waits_since: null,
    escalates_at: null,
    escalated_to: "",
    ...part,
  };
}

export function incident(part: Partial<IncidentOut>): IncidentOut {
  return {
    id: 1,
    case: 1,
    device: "lift-7-d1",
    asset: "lift-7",
    condition: "stopped",
    name: { en: "Lift stopped" },
    text: {},
    severity: "high",
    state: "unacknowledged",
    active: true,
    acknowledged: false,
    latched: false,
    shelved_at_most_h: 1,
    first_out: true,
    raises: 1,
    fleeting: false,
    advice: null,
    raised_at: "2026-11-22T11:00:00Z",
    cleared_at: null,
    acknowledged_at: null,
    acknowledged_by: null,
    value: null,
    unit: "",
    cause: {},
    consequence: {},
    action: {},
    still: null,
    ...part,
  };
}
