import { useTranslation } from "react-i18next";
import type { Text } from "../api/types";
import type { Language } from "./setup";

/** Give the text in `language`, else in English, else in whatever language there is. */
export function inLanguage(text: Text, language: string): string {
  return text[language] || text["en"] || Object.values(text)[0] || "";
}

/** Give words and data texts in the language of the page. */
export function useWords() {
  const { t, i18n } = useTranslation();
  const language = i18n.language as Language;
  return { t, language, say: (text: Text) => inLanguage(text, language) };
}
