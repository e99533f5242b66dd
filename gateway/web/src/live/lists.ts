import type { QueryCacheNotifyEvent, QueryClient } from "@tanstack/react-query";
import { keys } from "../api/keys";
import type { CaseRow, Change, DeviceOut, EdgeOut, IncidentOut } from "../api/types";
import { bodies, mergeCases, mergeDevices, mergeEdges, mergeIncidents, without } from "./merge";

/** Longer than an answer is on its way. */
const KEPT_MS = 30_000;

/** The lists of the pages: as they were fetched, and what has changed since laid over them. */
export class Lists {
  private recent: { at: number; change: Change }[] = [];
  private readonly cache: QueryClient;
  private readonly now: () => number;

  constructor(cache: QueryClient, now: () => number) {
    this.cache = cache;
    this.now = now;
  }

  /** Watch for lists that arrive. Returns the way to stop. */
  start(): () => void {
    return this.cache.getQueryCache().subscribe((event) => this.arrived(event));
  }

  lay(changes: readonly Change[]): void {
    const at = this.now();
    this.recent = this.recent.filter((one) => at - one.at < KEPT_MS);
    this.recent.push(...changes.map((change) => ({ at, change })));
    this.change(changes);
  }

  /** A list that arrives may be from before what came while it was on its way: say that again. */
  private arrived(event: QueryCacheNotifyEvent): void {
    if (event.type !== "updated" || event.action.type !== "success" || event.action.manual) return;
    if (!LISTS.has((event.query.queryKey as readonly unknown[])[0])) return;
    // One by one: work may go to others and come back.
    for (const { change } of this.recent) this.change([change]);
  }

  private change(changes: readonly Change[]): void {
    const cases = bodies(changes, "case");
    const incidents = bodies(changes, "incident");
    const devices = bodies(changes, "device");
    const edges = bodies(changes, "edge");
    if (cases.length)
      this.set<CaseRow>(keys.cases("open"), (rows) => mergeCases(rows, cases, this.now()));
    if (incidents.length)
      this.set<IncidentOut>(keys.incidents, (rows) => mergeIncidents(rows, incidents));
    if (devices.length) this.set<DeviceOut>(keys.devices, (rows) => mergeDevices(rows, devices));
    if (edges.length) this.set<EdgeOut>(keys.edges, (rows) => mergeEdges(rows, edges));
    this.drop(changes);
  }

  /** Forget what went to another executor: the server will not show it again. */
  private drop(changes: readonly Change[]): void {
    const gone = bodies(changes, "gone");
    const numbers = (of: "case" | "incident") =>
      new Set(gone.flatMap((one) => (typeof one[of] === "number" ? [one[of]] : [])));
    const cases = numbers("case");
    const incidents = numbers("incident");
    if (cases.size)
      for (const list of ["open", "closed", "all"] as const)
        this.set<CaseRow>(keys.cases(list), (rows) => without(rows, cases));
    if (incidents.size)
      this.set<IncidentOut>(keys.incidents, (rows) => without(rows, incidents));
    for (const id of cases) this.cache.removeQueries({ queryKey: keys.case(id) });
  }

  private set<T>(key: readonly unknown[], lay: (rows: readonly T[]) => T[]): void {
    this.cache.setQueryData(key, (rows?: T[]) => rows && lay(rows));
  }
}

const LISTS = new Set<unknown>(
  [keys.cases("open"), keys.incidents, keys.devices, keys.edges].map(([list]) => list),
);
