import type { Subscribe } from "../api/types";

/** Who needs which live values; the union is what the server is asked for. */
export class Subscriptions {
  private readonly devices = new Map<string, number>();
  private readonly families = new Map<string, { signal: string; users: number }>();
  private pending = false;
  private readonly ask: (wanted: Subscribe) => void;

  constructor(ask: (wanted: Subscribe) => void) {
    this.ask = ask;
  }

  /** Follow all signals of these devices until the returned function is called. */
  follow(devices: readonly string[]): () => void {
    for (const device of devices) this.devices.set(device, (this.devices.get(device) ?? 0) + 1);
    this.changed();
    return () => {
      for (const device of devices) {
        const left = (this.devices.get(device) ?? 1) - 1;
        if (left) this.devices.set(device, left);
        else this.devices.delete(device);
      }
      this.changed();
    };
  }

  /** Follow one signal of every device of a family until the returned function is called. */
  followFamily(family: string, signal: string): () => void {
    const entry = this.families.get(family) ?? { signal, users: 0 };
    entry.users += 1;
    this.families.set(family, entry);
    this.changed();
    return () => {
      entry.users -= 1;
      if (!entry.users) this.families.delete(family);
      this.changed();
    };
  }

  private changed(): void {
    if (this.pending) return;
    this.pending = true;
    queueMicrotask(() => {
      this.pending = false;
      this.ask({
        kind: "subscribe",
        devices: [...this.devices.keys()],
        families: Object.fromEntries(
          [...this.families].map(([family, entry]) => [family, entry.signal]),
        ),
      });
    });
  }
}
