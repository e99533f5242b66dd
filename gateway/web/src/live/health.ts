/** How far the picture on the screen can be trusted. */
import type { Phase } from "./connection";

export const AMBER_AFTER_S = 12;
export const RED_AFTER_S = 30;

export interface Health {
  phase: Phase;
  /** When the last message came, by the server's clock in ms. */
  heardAt: number;
  /** Age of the newest reading at that moment; null until a device has spoken. */
  dataAge: number | null;
}

export type Trust = "good" | "amber" | "red";

/** Give the age of what is shown, in seconds: the data's own age plus the silence since. */
export function ageOf(health: Health, now: number): number {
  const silence = Math.max(0, (now - health.heardAt) / 1000);
  // Between two pulses the line is not silent, only quiet.
  return (health.dataAge ?? 0) + (health.phase === "open" && silence < 4 ? 0 : silence);
}

export function trustOf(age: number): Trust {
  if (age >= RED_AFTER_S) return "red";
  return age >= AMBER_AFTER_S ? "amber" : "good";
}
