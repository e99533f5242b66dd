import type { SignalOut } from "../api/types";

const PARTS = ["wanted", "control", "changes_at", "obeyed"] as const;

type Part = (typeof PARTS)[number];

/** The signals by which a device tells of the programme that sets another one of its signals. */
export type Told = Record<Part, SignalOut>;

/** Who says what a governed signal should be: the codes of `<signal>_control`. */
export const CONTROL = { program: 0, command: 1, noClock: 2, local: 3 } as const;

/** Give what is told of the programme of a signal; null where none governs it. */
export function toldOf(key: string, signals: readonly SignalOut[]): Told | null {
  const found = PARTS.map((part) => [
    part,
    signals.find((each) => each.key === `${key}_${part}`),
  ]);
  return found.every(([, signal]) => signal) ? (Object.fromEntries(found) as Told) : null;
}

/** Give the signals that stand for themselves: all but those that are told beside another one. */
export function ownSignals(signals: readonly SignalOut[]): SignalOut[] {
  const told = new Set(
    signals.flatMap((each) => Object.values(toldOf(each.key, signals) ?? {}).map(({ key }) => key)),
  );
  return signals.filter((each) => !told.has(each.key));
}
