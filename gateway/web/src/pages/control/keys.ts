import { useEffect, useEffectEvent } from "react";

export type Act =
  "next" | "previous" | "open" | "acknowledge" | "close" | "filter" | "fresh" | "help";

/** By the place of a key, so that a Cyrillic layout works as well. */
const ACTS: Record<string, Act> = {
  KeyJ: "next",
  ArrowDown: "next",
  KeyK: "previous",
  ArrowUp: "previous",
  Enter: "open",
  KeyA: "acknowledge",
  KeyX: "close",
  Slash: "filter",
  KeyN: "fresh",
};

const TYPING = "input, textarea, select, [contenteditable]";
const OWN_KEYS = "button, a, summary, .maplibregl-canvas";

type Press = Pick<
  KeyboardEvent,
  "code" | "key" | "shiftKey" | "ctrlKey" | "altKey" | "metaKey" | "target"
>;

/** What a press means, or null: text fields and dialogs keep their keys, buttons keep Enter and arrows. */
export function actOf(press: Press): Act | null {
  if (press.ctrlKey || press.altKey || press.metaKey) return null;
  const target = press.target instanceof Element ? press.target : null;
  if (target?.closest("dialog") || target?.matches(TYPING)) return null;
  if (press.key === "?" || (press.code === "Slash" && press.shiftKey)) return "help";
  if (press.shiftKey) return null;
  const act = ACTS[press.code] ?? null;
  const moves = press.code.startsWith("Arrow") || press.code === "Enter";
  return moves && target?.closest(OWN_KEYS) ? null : act;
}

/** Listen to the keys of the control room while `on`. */
export function useKeys(on: boolean, handle: (act: Act) => void): void {
  const take = useEffectEvent((event: KeyboardEvent) => {
    const { target } = event;
    const typing = target instanceof HTMLElement && target.matches(TYPING);
    if (typing && event.key === "Escape") target.blur();
    const act = actOf(event);
    if (!act) return;
    event.preventDefault();
    handle(act);
  });
  useEffect(() => {
    if (!on) return;
    const listen = (event: KeyboardEvent) => take(event);
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, [on]);
}
