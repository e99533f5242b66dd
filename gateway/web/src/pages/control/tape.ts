import type { Change, IncidentOut, Text } from "../../api/types";

/** A line of the event tape; words are chosen when it is shown, in the language of the page. */
export interface TapeEvent {
  id: string;
  at: string;
  what:
    | { kind: "raised" | "cleared" | "acknowledged" }
    | {
        kind: "caseChanged";
        id: number;
        state: "new" | "routed" | "accepted" | "resolved" | "verified" | "closed";
      }
    | { kind: "commandChanged"; signal: string; state: string }
    | { kind: "edgeOnline" | "edgeLost" | "deviceOnline" | "deviceLost" };
  subject: Text;
  severity: IncidentOut["severity"] | null;
  /** Id of the asset that it is about. */
  asset: string | null;
  link: string | null;
}

const LONGEST = 200;

const caseLink = (id: number | null) => (id === null ? null : `/control/case/${id}`);

/** What happened to an incident last. */
function incidentEvent(incident: IncidentOut, id: string, at: string): TapeEvent {
  const last = Math.max(
    ...[incident.raised_at, incident.cleared_at, incident.acknowledged_at].map((time) =>
      time ? Date.parse(time) : 0,
    ),
  );
  const is = (time: string | null) => time !== null && Date.parse(time) === last;
  const kind = is(incident.acknowledged_at)
    ? "acknowledged"
    : is(incident.cleared_at)
      ? "cleared"
      : "raised";
  return {
    id,
    at,
    what: { kind },
    subject: Object.keys(incident.name).length ? incident.name : { en: incident.condition },
    severity: kind === "raised" ? incident.severity : null,
    asset: incident.asset,
    link: caseLink(incident.case),
  };
}

export function eventOf(change: Change): TapeEvent | null {
  const base = { id: String(change.seq), at: change.at, severity: null, asset: null };
  const { incident, command, edge, device } = change;
  if (incident) return incidentEvent(incident, base.id, change.at);
  if (change.case) {
    const { id, state, title, asset } = change.case;
    return {
      ...base,
      what: { kind: "caseChanged", id, state },
      subject: title,
      asset,
      link: caseLink(id),
    };
  }
  if (command) {
    const { signal, state, device: name } = command;
    return {
      ...base,
      what: { kind: "commandChanged", signal, state },
      subject: { en: name },
      link: caseLink(command.case),
    };
  }
  if (edge)
    return {
      ...base,
      what: { kind: edge.online ? "edgeOnline" : "edgeLost" },
      subject: edge.name,
      link: null,
    };
  if (device) {
    return {
      ...base,
      what: { kind: device.online ? "deviceOnline" : "deviceLost" },
      subject: device.name,
      link: null,
    };
  }
  return null;
}

/** Start the tape with what is known already. */
export function firstEvents(incidents: readonly IncidentOut[]): TapeEvent[] {
  return incidents
    .map((incident) => incidentEvent(incident, `incident-${incident.id}`, incident.raised_at))
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at))
    .slice(0, LONGEST);
}

export const withNew = (events: readonly TapeEvent[], changes: readonly Change[]): TapeEvent[] =>
  [...changes.flatMap((change) => eventOf(change) ?? []).reverse(), ...events].slice(0, LONGEST);
