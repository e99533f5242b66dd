import type { CaseRow, Priority } from "../../api/types";
import { waits } from "./worklist/order";

/** Notes of each priority (Hz) and the pause until they are heard again (s). */
const VOICES: Partial<Record<Priority, { notes: number[]; every_s: number }>> = {
  critical: { notes: [880, 660, 880, 660], every_s: 5 },
  high: { notes: [587, 740], every_s: 12 },
};
const WATCHDOG = [220, 220];
const NOTE_S = 0.16;

/** Tones of the console. A browser lets them sound only after a press on the page. */
export class Sound {
  private context: AudioContext | null = null;

  unlock(): void {
    this.context ??= new AudioContext();
    void this.context.resume();
  }

  play(priority: Priority): void {
    this.sing(VOICES[priority]?.notes ?? [], "triangle");
  }

  watchdog(): void {
    this.sing(WATCHDOG, "square");
  }

  private sing(notes: readonly number[], type: OscillatorType): void {
    const { context } = this;
    if (!context) return;
    notes.forEach((frequency, at) => {
      const start = context.currentTime + at * NOTE_S;
      const tone = new OscillatorNode(context, { type, frequency });
      const volume = new GainNode(context, { gain: 0 });
      // A short rise and fall instead of a click.
      volume.gain.setTargetAtTime(0.14, start, 0.012);
      volume.gain.setTargetAtTime(0, start + NOTE_S * 0.7, 0.025);
      tone.connect(volume).connect(context.destination);
      tone.start(start);
      tone.stop(start + NOTE_S * 1.6);
    });
  }
}

/** The voice that should be heard now, or null: critical before high, only what nobody has seen. */
export function voiceFor(rows: readonly CaseRow[]): { priority: Priority; every_s: number } | null {
  for (const priority of ["critical", "high"] as const) {
    const voice = VOICES[priority];
    const isHeard = rows.some((row) => row.priority === priority && waits(row));
    if (voice && isHeard) return { priority, every_s: voice.every_s };
  }
  return null;
}
