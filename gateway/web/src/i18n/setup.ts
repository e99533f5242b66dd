import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { remember, remembered } from "../format/remembered";
import { en } from "./en";
import { ru } from "./ru";

export const LANGUAGES = ["ru", "en"] as const;
export type Language = (typeof LANGUAGES)[number];

function firstLanguage(): Language {
  const chosen = remembered("language") ?? navigator.language;
  return chosen.startsWith("en") ? "en" : "ru";
}

/** Make the words ready; both languages are small and lie in the first bundle. */
export function startLanguage(language: Language = firstLanguage()) {
  void i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: "en",
    resources: { en: { translation: en }, ru: { translation: ru } },
    interpolation: { escapeValue: false }, // React escapes by itself
    initAsync: false,
  });
  document.documentElement.lang = language;
}

export function changeLanguage(language: Language) {
  remember("language", language);
  document.documentElement.lang = language;
  void i18next.changeLanguage(language);
}
