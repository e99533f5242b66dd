import type { Language } from "../../i18n/setup";

const DECIMALS = 3; // a litre of water, a watt-hour

/** Write a number as a dial shows it: digits of thousands stand together. */
export function onDial(value: number, language: Language): string {
  return new Intl.NumberFormat(language === "en" ? "en-GB" : "ru-RU", {
    useGrouping: false,
    maximumFractionDigits: DECIMALS,
  }).format(value);
}

/** Give the number that a person copied from a dial; null for what is none. Spaces may stand
 * between thousands, and a comma or a point before the fraction. */
export function offDial(typed: string): number | null {
  const digits = typed.replace(/\s/g, "").replace(",", ".");
  return /^\d+(\.\d+)?$/.test(digits) ? Number(digits) : null;
}
