import type { QueryClient } from "@tanstack/react-query";
import { keys } from "../api/keys";
import type { AssetDetail, Change, DeviceOut, IncidentOut, LiveMessage } from "../api/types";
import { LiveConnection, type Socket } from "./connection";
import { FrameQueue } from "./frame";
import type { Health } from "./health";
import { Lists } from "./lists";
import { bodies, touchedCases } from "./merge";
import { Subscriptions } from "./subscriptions";
import { LatestValues } from "./values";

/** What the page knows live: one connection, its health, the server's clock, latest values. */
export class Live {
  readonly values = new LatestValues();
  readonly subscriptions: Subscriptions;
  private readonly connection: LiveConnection;
  private readonly lists: Lists;
  private readonly cache: QueryClient;
  private readonly watchers = new Set<() => void>();
  private readonly readers = new Set<(changes: Change[]) => void>();
  private offset = 0;
  private current: Health = { phase: "connecting", heardAt: Date.now(), dataAge: null };

  constructor(cache: QueryClient, signedOut: () => void) {
    this.cache = cache;
    this.lists = new Lists(cache, this.now);
    const frame = new FrameQueue<LiveMessage>((messages) => this.take(messages));
    const hand = (message: LiveMessage) => frame.push(message);
    const url = `${location.origin.replace(/^http/, "ws")}/api/v1/live`;
    this.connection = new LiveConnection(
      url,
      {
        hello: (message) => {
          this.offset = Date.parse(message.server_time) - Date.now();
          if (!message.resumed) void cache.invalidateQueries();
          this.heard({});
        },
        change: hand,
        values: hand,
        pulse: (message) => {
          this.offset = Date.parse(message.server_time) - Date.now();
          this.heard({ dataAge: message.data_age_s });
        },
        phase: (phase) => this.set({ ...this.current, phase }),
        // A refused handshake looks like a lost line; only /me can tell that the session ended.
        lost: signedOut,
      },
      (address) => new WebSocket(address) as unknown as Socket,
    );
    this.subscriptions = new Subscriptions((wanted) => this.connection.subscribe(wanted));
  }

  /** Connect, and come back at once when the network or the user does. Returns the way to stop. */
  start(): () => void {
    const hurry = () => this.connection.hurry();
    const stop = this.lists.start();
    addEventListener("online", hurry);
    document.addEventListener("visibilitychange", hurry);
    this.connection.start();
    return () => {
      removeEventListener("online", hurry);
      document.removeEventListener("visibilitychange", hurry);
      this.connection.close();
      stop();
    };
  }

  /** The server's clock, ms since 1970. */
  readonly now = () => Date.now() + this.offset;
  readonly health = () => this.current;

  readonly watch = (tell: () => void) => {
    this.watchers.add(tell);
    return () => {
      this.watchers.delete(tell);
    };
  };

  /** Hand on every frame's changes, as committed. Returns the way to stop. */
  read(take: (changes: Change[]) => void): () => void {
    this.readers.add(take);
    return () => this.readers.delete(take);
  }

  private heard(more: Partial<Health>): void {
    this.set({ ...this.current, ...more, heardAt: this.now() });
  }

  private set(health: Health): void {
    this.current = health;
    for (const tell of this.watchers) tell();
  }

  private take(messages: LiveMessage[]): void {
    const changes: Change[] = [];
    for (const message of messages) {
      if (message.kind === "values") this.values.take(message);
      if (message.kind === "change") changes.push(message);
    }
    if (!changes.length) return;
    this.lay(changes);
    for (const read of this.readers) read(changes);
  }

  private lay(changes: Change[]): void {
    const { cache } = this;
    const cases = bodies(changes, "case");
    const incidents = bodies(changes, "incident");
    const devices = bodies(changes, "device");
    this.lists.lay(changes);
    if (cases.some((row) => row.closed_at))
      void cache.invalidateQueries({ queryKey: keys.cases("closed") });
    // With its edge every device goes silent or is heard again, and none of them says so.
    if (bodies(changes, "edge").length)
      for (const queryKey of [["asset"], keys.devices]) void cache.invalidateQueries({ queryKey });
    for (const command of bodies(changes, "command")) {
      cache.setQueryData(keys.command(command.id), command);
    }
    this.refetchOpen(touchedCases(changes), incidents, devices);
  }

  /** Cards hold more than a change carries: those on the screen are fetched again. */
  private refetchOpen(cases: Set<number>, incidents: IncidentOut[], devices: DeviceOut[]): void {
    for (const id of cases) void this.cache.invalidateQueries({ queryKey: keys.case(id) });
    for (const asset of new Set(incidents.map((row) => row.asset))) {
      void this.cache.invalidateQueries({ queryKey: keys.assetIncidents(asset) });
    }
    if (!devices.length) return;
    const changed = new Set(devices.map((device) => device.id));
    void this.cache.invalidateQueries({
      queryKey: ["asset"],
      predicate: ({ state }) =>
        (state.data as AssetDetail | undefined)?.devices.some((device) => changed.has(device.id)) ??
        false,
    });
  }
}
