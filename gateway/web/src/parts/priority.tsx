import type { Priority } from "../api/types";
import { useWords } from "../i18n/text";
import "./priority.css";

/** From the worst to the mildest. */
export const PRIORITIES = [
  "critical",
  "high",
  "medium",
  "low",
] as const satisfies readonly Priority[];

/** 4 is critical, 1 is low, 0 is nothing. */
export const rank = (priority: Priority | null) =>
  priority === null ? 0 : PRIORITIES.length - PRIORITIES.indexOf(priority);

export function worst(priorities: readonly Priority[]): Priority | null {
  return PRIORITIES.find((priority) => priorities.includes(priority)) ?? null;
}

/** On a 20 × 20 grid; the map draws the same shapes. */
export const SHAPES: Record<Priority, string> = {
  critical: "M6.2 1h7.6L19 6.2v7.6L13.8 19H6.2L1 13.8V6.2z",
  high: "M10 .8 19.6 18.8H.4z",
  medium: "M10 .5 19.5 10 10 19.5.5 10z",
  low: "M10 1.5a8.5 8.5 0 1 1 0 17 8.5 8.5 0 0 1 0-17z",
};

/** A mark that reads without colour: its own shape and letter. */
export function PriorityMark({ priority, size = 20 }: { priority: Priority; size?: number }) {
  const { t } = useWords();
  return (
    <svg
      className={`priority ${priority}`}
      width={size}
      height={size}
      viewBox="0 0 20 20"
      role="img"
      aria-label={t(`priority.${priority}`)}
    >
      <path d={SHAPES[priority]} />
      <text x="10" y={priority === "high" ? 16.2 : 13.9} textAnchor="middle" aria-hidden="true">
        {t(`priorityLetter.${priority}`)}
      </text>
    </svg>
  );
}
