import { useWords } from "../i18n/text";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export type AgeParts =
  | { key: "seconds" | "minutes"; values: { n: number } }
  | { key: "hours"; values: { h: number; m: number } }
  | { key: "days"; values: { d: number; h: number } };

/** Cut a span in seconds into the two units that a person reads. */
export function ageParts(seconds: number): AgeParts {
  const s = Math.max(0, Math.floor(seconds));
  if (s < MINUTE) return { key: "seconds", values: { n: s } };
  if (s < HOUR) return { key: "minutes", values: { n: Math.floor(s / MINUTE) } };
  if (s < DAY) {
    return {
      key: "hours",
      values: { h: Math.floor(s / HOUR), m: Math.floor((s % HOUR) / MINUTE) },
    };
  }
  return { key: "days", values: { d: Math.floor(s / DAY), h: Math.floor((s % DAY) / HOUR) } };
}

/** Show a countdown to the second below an hour: "4:05". */
export function countdown(seconds: number): string | null {
  const s = Math.floor(Math.abs(seconds));
  if (s >= HOUR) return null;
  return `${Math.floor(s / MINUTE)}:${String(s % MINUTE).padStart(2, "0")}`;
}

/** Give times and ages in the language of the page, always by the 24-hour clock. */
export function useTime() {
  const { t, language } = useWords();
  const format = (options: Intl.DateTimeFormatOptions) => {
    const intl = new Intl.DateTimeFormat(language === "en" ? "en-GB" : "ru-RU", options);
    return (at: string | number) => intl.format(typeof at === "string" ? Date.parse(at) : at);
  };
  const clock = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const short = format({ hour: "2-digit", minute: "2-digit" });
  const day = format({ day: "numeric", month: "long" });
  const dayShort = format({ day: "2-digit", month: "2-digit" });
  const date = format({ day: "2-digit", month: "2-digit", year: "numeric" });
  const weekday = format({ weekday: "short", day: "numeric", month: "long" });
  const age = (seconds: number) => {
    const { key, values } = ageParts(seconds);
    // All three templates take their numbers from the same few names.
    return t(`age.${key}`, { n: 0, h: 0, m: 0, d: 0, ...values });
  };
  const isToday = (at: string, now: number) =>
    new Date(at).toDateString() === new Date(now).toDateString();
  return {
    clock,
    short,
    weekday,
    date,
    age,
    /** "14:02" today, "21.11 14:02" on other days. */
    moment: (at: string, now = Date.now()) =>
      isToday(at, now) ? short(at) : `${dayShort(at)} ${short(at)}`,
    /** "26.11.2026 14:02", for what is kept on paper. */
    full: (at: string) => `${date(at)} ${short(at)}`,
    long: (at: string) => `${day(at)}, ${short(at)}`,
  };
}
