import type { Change, IncidentOut, Text } from "../../api/types";

/** A line of the event tape; words are chosen when it is shown, in the language of the page. */
export interface TapeEvent {
  id: string;
  /** The thing that it is about, like "case 7". */
  thing: string;
  at: string;
  what:
    | { kind: "raised" | "cleared" | "acknowledged" }
    | {
        kind: "caseChanged";
        id: number;
        state: "new" | "routed" | "accepted" | "resolved" | "verified" | "closed";
      }
    | { kind: "commandChanged"; device: string; signal: string; state: string }
    | { kind: "edgeOnline" | "edgeLost" | "deviceOnline" | "deviceLost" };
  subject: Text;
  severity: IncidentOut["severity"] | null;
  /** Id of the asset that it is about. */
  asset: string | null;
  link: string | null;
}

/** Events kept; a burst of hundreds folds into few lines. */
const LONGEST = 1000;
const MOST_LINES = 200;
/** Lamps of one dark street fall silent one after another, seconds apart. */
const BURST_MS = 5000;

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
    thing: `incident ${incident.id}`,
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
      thing: `case ${id}`,
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
      thing: `command ${command.id}`,
      what: { kind: "commandChanged", device: name, signal, state },
      subject: { en: name },
      link: caseLink(command.case),
    };
  }
  if (edge)
    return {
      ...base,
      thing: `edge ${edge.id}`,
      what: { kind: edge.online ? "edgeOnline" : "edgeLost" },
      subject: edge.name,
      link: null,
    };
  if (device) {
    return {
      ...base,
      thing: `device ${device.id}`,
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

/** A row also changes by what is no news: a folded incident, an edge's "still here". */
function isNews(event: TapeEvent, events: readonly TapeEvent[]): boolean {
  const before = events.find((each) => each.thing === event.thing);
  if (!before) return event.what.kind !== "edgeOnline";
  return JSON.stringify(before.what) !== JSON.stringify(event.what);
}

/** Lay what is new on top of events, newest first. */
export function withNew(events: readonly TapeEvent[], changes: readonly Change[]): TapeEvent[] {
  const told = [...events];
  for (const change of changes) {
    const event = eventOf(change);
    if (event && isNews(event, told)) told.unshift(event);
  }
  return told.slice(0, LONGEST);
}

/** What makes events alike: the same said of the same cause. */
function likenessOf({ id, what, subject, link }: TapeEvent): string {
  switch (what.kind) {
    case "raised":
    case "cleared":
    case "acknowledged":
      return JSON.stringify([what.kind, link, subject]);
    case "deviceLost":
    case "deviceOnline":
      return what.kind;
    default:
      return id;
  }
}

/** Fold what is alike and follows within seconds into one line, newest first in and among lines. */
export function folded(events: readonly TapeEvent[]): TapeEvent[][] {
  const lines: TapeEvent[][] = [];
  const bursts = new Map<string, TapeEvent[]>();
  for (const event of events) {
    const likeness = likenessOf(event);
    const burst = bursts.get(likeness);
    const next = burst?.at(-1);
    if (burst && next && Date.parse(next.at) - Date.parse(event.at) <= BURST_MS) {
      burst.push(event);
      continue;
    }
    const line = [event];
    lines.push(line);
    bursts.set(likeness, line);
  }
  return lines.slice(0, MOST_LINES);
}
