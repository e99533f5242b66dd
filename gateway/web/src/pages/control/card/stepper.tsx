import type { CaseState } from "../../../api/types";
import { useWords } from "../../../i18n/text";

const STATES = [
  "new",
  "routed",
  "accepted",
  "resolved",
  "verified",
  "closed",
] as const satisfies readonly CaseState[];

/** The way of a case from new to closed, and where it stands. */
export function Stepper({ state }: { state: CaseState }) {
  const { t } = useWords();
  const at = STATES.indexOf(state);
  return (
    <ol className="stepper" aria-label={t("card.stage")}>
      {STATES.map((each, index) => (
        <li
          key={each}
          className={index < at ? "past" : index === at ? "here" : ""}
          aria-current={index === at ? "step" : undefined}
        >
          {t(`state.${each}`)}
        </li>
      ))}
    </ol>
  );
}
