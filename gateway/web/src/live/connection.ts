import type { Change, Hello, LiveMessage, Pulse, Subscribe, Values } from "../api/types";

/** The server pulses every two seconds; a line silent for three pulses is dead. */
const SILENT_MS = 6_500;
const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 10_000;

export type Phase = "connecting" | "open" | "waiting" | "closed";

export interface Listener {
  hello(message: Hello): void;
  change(message: Change): void;
  values(message: Values): void;
  pulse(message: Pulse): void;
  phase(phase: Phase): void;
  /** The line was lost; called before each new try. */
  lost(): void;
}

/** The part of WebSocket that is used, so that a test can stand in for it. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  send(text: string): void;
  close(): void;
}

/** Give the pause before try number `attempt` (0 is the first), with jitter from 0…1. */
export function pauseBefore(attempt: number, jitter: number): number {
  const full = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt);
  return full * (0.5 + jitter / 2);
}

/**
 * One WebSocket that comes back by itself and resumes after the last change it has handed on.
 * Start it once; close() ends it for good.
 */
export class LiveConnection {
  private socket: Socket | null = null;
  private seq: number | null = null;
  private attempt = 0;
  private ended = false;
  private wanted: Subscribe = { kind: "subscribe", devices: [], families: {} };
  private retry: ReturnType<typeof setTimeout> | undefined;
  private watchdog: ReturnType<typeof setTimeout> | undefined;
  private readonly url: string;
  private readonly listener: Listener;
  private readonly openSocket: (url: string) => Socket;

  constructor(url: string, listener: Listener, openSocket: (url: string) => Socket) {
    this.url = url;
    this.listener = listener;
    this.openSocket = openSocket;
  }

  start(): void {
    this.ended = false;
    this.open();
  }

  close(): void {
    this.ended = true;
    clearTimeout(this.retry);
    this.drop();
    this.listener.phase("closed");
  }

  /** Try now instead of after the pause: the network or the user has come back. */
  hurry(): void {
    if (this.ended || this.socket) return;
    clearTimeout(this.retry);
    this.attempt = 0;
    this.open();
  }

  /** Replace what is subscribed; said again after every reconnection. */
  subscribe(wanted: Subscribe): void {
    this.wanted = wanted;
    if (this.socket) this.say();
  }

  private open(): void {
    this.listener.phase("connecting");
    const after = this.seq === null ? "" : `?after=${this.seq}`;
    const socket = this.openSocket(this.url + after);
    this.socket = socket;
    this.watch();
    socket.onmessage = (event) => {
      if (socket !== this.socket) return;
      this.watch();
      this.take(JSON.parse(String(event.data)) as LiveMessage);
    };
    socket.onclose = () => {
      if (socket === this.socket) this.again();
    };
  }

  private take(message: LiveMessage): void {
    switch (message.kind) {
      case "hello":
        this.attempt = 0;
        if (!message.resumed || this.seq === null) this.seq = message.seq;
        this.listener.phase("open");
        this.say();
        this.listener.hello(message);
        break;
      case "change":
        if (this.seq !== null && message.seq <= this.seq) break;
        this.seq = message.seq;
        this.listener.change(message);
        break;
      case "values":
        this.listener.values(message);
        break;
      case "pulse":
        // Its number is not taken over: a change below it may still be on its way.
        this.listener.pulse(message);
        break;
    }
  }

  private say(): void {
    try {
      this.socket?.send(JSON.stringify(this.wanted));
    } catch {
      // Not open yet; the wish is sent after hello.
    }
  }

  private watch(): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.again(), SILENT_MS);
  }

  private drop(): void {
    clearTimeout(this.watchdog);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  private again(): void {
    this.drop();
    if (this.ended) return;
    this.listener.phase("waiting");
    this.listener.lost();
    this.retry = setTimeout(() => this.open(), pauseBefore(this.attempt, Math.random()));
    this.attempt += 1;
  }
}
