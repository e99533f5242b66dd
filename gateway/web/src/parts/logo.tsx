import { useWords } from "../i18n/text";
import "./logo.css";

export function Logo({ small = false }: { small?: boolean }) {
  const { t } = useWords();
  return (
    <span className={small ? "logo small" : "logo"}>
      <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
        <path
          d="M1.5 1.5h7.5v7.5H1.5zM11 1.5h7.5v7.5H11zM1.5 11h7.5v7.5H1.5z"
          fill="currentColor"
        />
        <path className="lit" d="M11 11h7.5v7.5H11z" />
      </svg>
      {t("app")}
    </span>
  );
}
