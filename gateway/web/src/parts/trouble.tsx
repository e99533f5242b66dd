import { ApiError } from "../api/problem";
import { useWords } from "../i18n/text";
import { Icon } from "./icon";

/** Say in words what went wrong and what to do; nothing when nothing did. */
export function useTrouble() {
  const { t, language } = useWords();
  return (error: unknown): string | null => {
    if (!error) return null;
    if (!(error instanceof ApiError)) return t("common.broken");
    if (error.status === 0) return t("common.unreachable");
    return error.words(language) ?? t("common.failed", { status: error.status });
  };
}

export function Trouble({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useWords();
  const words = useTrouble()(error);
  if (!words) return null;
  return (
    <div className="notice" role="alert">
      <span>{words}</span>
      {retry && (
        <button type="button" className="button" onClick={retry}>
          {t("common.retry")}
        </button>
      )}
    </div>
  );
}

export function FieldError({ id, words }: { id: string; words: string | null | undefined }) {
  return (
    <p id={id} className={words ? "field-error" : "hidden"} role="alert">
      {words && <Icon name="warning" />}
      {words}
    </p>
  );
}

export function Waiting() {
  const { t } = useWords();
  return (
    <div className="quiet-state" role="status">
      {t("common.loading")}
    </div>
  );
}
