import type { Taken } from "../../api/types";
import { useValue } from "../../format/value";
import { useWords } from "../../i18n/text";

/** Write amounts, money, and how they are known. */
export function useAmounts(unit: string, currency: string) {
  const { t, language } = useWords();
  const value = useValue();
  const locale = language === "en" ? "en-GB" : "ru-RU";
  const amount = (taken: number | null) =>
    taken === null ? t("meters.unknown") : value.withUnit(taken, unit);
  return {
    amount,
    cost: (paid: number | null) =>
      paid === null || !currency
        ? t("meters.unknown")
        : new Intl.NumberFormat(locale, { style: "currency", currency }).format(paid),
    known: (taken: Taken) => {
      if (taken.amount === null) return t("meters.unknown");
      const marks = [
        taken.manual > 0 && t("meters.manual", { amount: amount(taken.manual) }),
        taken.estimated > 0 && t("meters.estimated", { amount: amount(taken.estimated) }),
        !taken.is_whole && t("meters.part"),
      ].filter(Boolean);
      return marks.join("; ") || t("meters.measured");
    },
  };
}
