import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Change, Hello } from "../api/types";
import { LiveConnection, pauseBefore, type Listener, type Socket } from "./connection";

class Line implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  readonly sent: unknown[] = [];
  readonly url: string;
  constructor(url: string) {
    this.url = url;
  }
  send(text: string) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.onclose?.();
  }
  says(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

const lines: Line[] = [];
const line = (at = -1) => lines.at(at) as Line;
const seen: number[] = [];
const hellos: boolean[] = [];
const listener: Listener = {
  hello: (message: Hello) => void hellos.push(message.resumed),
  change: (change: Change) => void seen.push(change.seq),
  values: () => undefined,
  pulse: () => undefined,
  phase: () => undefined,
  lost: () => undefined,
};
const hello = (seq: number, resumed: boolean) => ({
  kind: "hello",
  seq,
  resumed,
  server_time: "2026-11-22T00:00:00Z",
});
const change = (seq: number) => ({
  kind: "change",
  seq,
  at: "2026-11-22T00:00:00Z",
  topic: "case",
});

let connection: LiveConnection;
beforeEach(() => {
  vi.useFakeTimers();
  connection = new LiveConnection("ws://x/live", listener, (url) => {
    const opened = new Line(url);
    lines.push(opened);
    return opened;
  });
  connection.start();
});
afterEach(() => {
  connection.close();
  lines.length = seen.length = hellos.length = 0;
  vi.useRealTimers();
});

test("the first connection asks for nothing that was before", () => {
  expect(line().url).toBe("ws://x/live");
});

test("a new connection resumes after the last change that was handed on", () => {
  line().says(hello(40, false));
  line().says(change(41));
  line().close();
  vi.advanceTimersByTime(1000);
  expect(line().url).toBe("ws://x/live?after=41");
});

test("a pulse does not step over a change that is still on its way", () => {
  line().says(hello(40, false));
  line().says({ kind: "pulse", seq: 50, server_time: "2026-11-22T00:00:00Z", data_age_s: 1 });
  line().close();
  vi.advanceTimersByTime(1000);
  expect(line().url).toBe("ws://x/live?after=40");
});

test("a change that comes twice is handed on once", () => {
  line().says(hello(40, false));
  line().says(change(41));
  line().says(change(41));
  expect(seen).toEqual([41]);
});

test("when the server cannot resume, counting begins where it stands", () => {
  line().says(hello(40, false));
  line().close();
  vi.advanceTimersByTime(1000);
  line().says(hello(9, false));
  line().says(change(10));
  expect(hellos).toEqual([false, false]);
  expect(seen).toEqual([10]);
});

test("a line that is silent for three pulses is thrown away", () => {
  line().says(hello(1, false));
  vi.advanceTimersByTime(6_500 + 1_000);
  expect(lines).toHaveLength(2);
});

test("what was subscribed is said again after a reconnection", () => {
  line().says(hello(1, false));
  connection.subscribe({ kind: "subscribe", devices: ["lift-7"], families: {} });
  line().close();
  vi.advanceTimersByTime(1000);
  line().says(hello(1, true));
  expect(line().sent).toEqual([{ kind: "subscribe", devices: ["lift-7"], families: {} }]);
});

test("a closed connection stays closed", () => {
  connection.close();
  vi.advanceTimersByTime(60_000);
  expect(lines).toHaveLength(1);
});

test("pauses grow and stay below ten seconds", () => {
  expect([0, 1, 2, 20].map((attempt) => pauseBefore(attempt, 1))).toEqual([400, 800, 1600, 10_000]);
});
