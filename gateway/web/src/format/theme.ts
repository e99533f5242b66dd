import { useSyncExternalStore } from "react";
import { remember, remembered } from "./remembered";

export type Theme = "light" | "dark";

const root = () => document.documentElement;
const current = (): Theme => (root().dataset["theme"] === "dark" ? "dark" : "light");

const watchers = new MutationObserver(() => {
  for (const tell of told) tell();
});
const told = new Set<() => void>();
function watch(tell: () => void) {
  if (!told.size) watchers.observe(root(), { attributeFilter: ["data-theme"] });
  told.add(tell);
  return () => {
    told.delete(tell);
    if (!told.size) watchers.disconnect();
  };
}

export const useTheme = () => useSyncExternalStore(watch, current);

export function chooseTheme(theme: Theme): void {
  remember("theme", theme);
  root().dataset["theme"] = theme;
}

/** Follow the system's preference as long as nobody has chosen here. */
export function followSystemTheme(): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", (event) => {
    if (!remembered("theme")) root().dataset["theme"] = event.matches ? "dark" : "light";
  });
}

/** Give a colour of tokens.css as it is now, for canvases that cannot read CSS. */
export function token(name: string): string {
  return getComputedStyle(root()).getPropertyValue(`--${name}`).trim();
}
