import type { Values } from "../api/types";

export interface Reading {
  value: number | null;
  quality: number;
  time: number;
}

type Block = Pick<Values, "device" | "signal" | "time_ms" | "value" | "quality">;

const name = (device: string, signal: string) => `${device}\n${signal}`;

/** The latest reading of each subscribed signal; tells its listeners once a frame. */
export class LatestValues {
  private readonly latest = new Map<string, Reading>();
  private readonly watchers = new Map<string, Set<() => void>>();
  private readonly followers = new Set<(block: Block) => void>();

  take(block: Block): void {
    const touched = new Set<string>();
    block.device.forEach((device, at) => {
      const key = name(device, block.signal[at] ?? "");
      const time = block.time_ms[at] ?? 0;
      const before = this.latest.get(key);
      if (before && before.time > time) return;
      this.latest.set(key, {
        value: block.value[at] ?? null,
        quality: block.quality[at] ?? 0,
        time,
      });
      touched.add(key);
    });
    for (const key of touched) this.watchers.get(key)?.forEach((tell) => tell());
    for (const follow of this.followers) follow(block);
  }

  of(device: string, signal: string): Reading | undefined {
    return this.latest.get(name(device, signal));
  }

  /** Call `tell` when this signal has a new reading. Returns the way to stop. */
  watch(device: string, signal: string, tell: () => void): () => void {
    const key = name(device, signal);
    const set = this.watchers.get(key) ?? new Set();
    this.watchers.set(key, set.add(tell));
    return () => {
      set.delete(tell);
      if (!set.size) this.watchers.delete(key);
    };
  }

  /** Hand on every block as it arrives. Returns the way to stop. */
  follow(take: (block: Block) => void): () => void {
    this.followers.add(take);
    return () => this.followers.delete(take);
  }
}

/** True when the verdict in the top two bits is good (00). */
export const isGood = (quality: number) => (quality & 0b1100_0000) === 0;
/** Its time cannot be right (core/quality.py); it is stored for whoever looks into that. */
export const isQuarantined = (quality: number) => (quality & 0b0011_1111) === 12;
/** The edge had no room to keep what was read from this moment on. */
export const isDropped = (quality: number) => (quality & 0b0011_1111) === 13;
export const isBad = (quality: number) => (quality & 0b1100_0000) === 0b1000_0000;
