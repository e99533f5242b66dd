import { useWords } from "../i18n/text";
import { WINDOWS_S, type Window } from "./chart";

/** Choose how far back a chart goes. */
export function WindowSwitch({ span, choose }: { span: Window; choose: (span: Window) => void }) {
  const { t } = useWords();
  return (
    <div className="segments">
      {(Object.keys(WINDOWS_S) as Window[]).map((each) => (
        <button
          key={each}
          type="button"
          aria-pressed={each === span}
          onClick={() => choose(each)}
        >
          {t(`card.${each}`)}
        </button>
      ))}
    </div>
  );
}
