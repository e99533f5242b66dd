import type { SignalOut } from "../api/types";
import { useWords } from "../i18n/text";

/** UCUM codes as people write them. */
const UNITS: Record<string, { en: string; ru: string }> = {
  "1": { en: "", ru: "" },
  "%": { en: "%", ru: "%" },
  "[%]": { en: "%", ru: "%" },
  V: { en: "V", ru: "В" },
  A: { en: "A", ru: "А" },
  W: { en: "W", ru: "Вт" },
  kW: { en: "kW", ru: "кВт" },
  "W.h": { en: "Wh", ru: "Вт·ч" },
  "kW.h": { en: "kWh", ru: "кВт·ч" },
  Hz: { en: "Hz", ru: "Гц" },
  "/s": { en: "per s", ru: "в с" },
  "/min": { en: "per min", ru: "в мин" },
  "1/min": { en: "per min", ru: "в мин" },
  By: { en: "B", ru: "Б" },
  Cel: { en: "°C", ru: "°C" },
  bar: { en: "bar", ru: "бар" },
  MPa: { en: "MPa", ru: "МПа" },
  m3: { en: "m³", ru: "м³" },
  "m3/h": { en: "m³/h", ru: "м³/ч" },
  kg: { en: "kg", ru: "кг" },
  s: { en: "s", ru: "с" },
  ms: { en: "ms", ru: "мс" },
  min: { en: "min", ru: "мин" },
  h: { en: "h", ru: "ч" },
  d: { en: "d", ru: "сут" },
  Gcal_IT: { en: "Gcal", ru: "Гкал" },
  Gcal: { en: "Gcal", ru: "Гкал" },
  "ug/m3": { en: "µg/m³", ru: "мкг/м³" },
  deg: { en: "°", ru: "°" },
  "[ppm]": { en: "ppm", ru: "ppm" },
};

export function unitIn(unit: string, language: "en" | "ru"): string {
  return UNITS[unit]?.[language] ?? unit;
}

type Shown = Pick<SignalOut, "kind" | "states" | "unit">;

/** Write values of signals: states by their names, numbers with their unit. */
export function useValue() {
  const { language, say } = useWords();
  const locale = language === "en" ? "en-GB" : "ru-RU";
  const number = (value: number) =>
    new Intl.NumberFormat(locale, {
      signDisplay: "negative", // no minus before what is rounded to zero
      maximumFractionDigits: Math.abs(value) >= 1000 ? 0 : Math.abs(value) >= 100 ? 1 : 2,
    }).format(value);
  const withUnit = (value: number, unit: string) => {
    const written = unitIn(unit, language);
    return written ? `${number(value)} ${written}` : number(value);
  };
  return {
    number,
    withUnit,
    unit: (unit: string) => unitIn(unit, language),
    of: (signal: Shown, value: number | null | undefined) => {
      if (value === null || value === undefined) return "—";
      const name = signal.states[String(value)];
      return name ? say(name) : withUnit(value, signal.unit);
    },
  };
}
