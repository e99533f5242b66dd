import { chooseTheme, useTheme } from "../format/theme";
import { changeLanguage, LANGUAGES } from "../i18n/setup";
import { useWords } from "../i18n/text";
import { Icon } from "./icon";

export function LanguageSwitch() {
  const { t, language } = useWords();
  return (
    <div className="segments" role="group" aria-label={t("language.label")}>
      {LANGUAGES.map((each) => (
        <button
          key={each}
          type="button"
          lang={each}
          aria-pressed={each === language}
          onClick={() => changeLanguage(each)}
        >
          {each.toUpperCase()}
        </button>
      ))}
    </div>
  );
}

export function ThemeSwitch() {
  const { t } = useWords();
  const next = useTheme() === "dark" ? "light" : "dark";
  return (
    <button
      type="button"
      className="button icon quiet"
      aria-label={t(`theme.${next}`)}
      title={t(`theme.${next}`)}
      onClick={() => chooseTheme(next)}
    >
      <Icon name={next === "dark" ? "moon" : "sun"} />
    </button>
  );
}
