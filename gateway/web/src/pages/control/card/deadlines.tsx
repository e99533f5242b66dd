import type { DeadlineOut } from "../../../api/types";
import { useTime } from "../../../format/time";
import { useWords } from "../../../i18n/text";
import { useNow } from "../../../live/react";
import { useLeft } from "../../../parts/deadline";

/** All clocks of a case, each with its countdown. */
export function Deadlines({ deadlines }: { deadlines: DeadlineOut[] }) {
  const { t, say } = useWords();
  const time = useTime();
  const left = useLeft();
  const now = useNow();
  return (
    <ul className="clocks">
      {deadlines.map((deadline) => {
        const late = deadline.met_at === null && Date.parse(deadline.due_at) < now;
        return (
          <li key={deadline.name} className={late || deadline.breached ? "late" : ""}>
            <span>{say(deadline.label) || deadline.name}</span>
            <span className="due">{time.moment(deadline.due_at, now)}</span>
            <strong>
              {deadline.met_at === null
                ? left(deadline.due_at, now)
                : t("card.met", { time: time.moment(deadline.met_at, now) })}
              {deadline.met_at !== null && deadline.breached && ` · ${t("card.breached")}`}
            </strong>
          </li>
        );
      })}
    </ul>
  );
}
