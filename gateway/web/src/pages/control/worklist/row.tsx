import type { CaseRow } from "../../../api/types";
import { useTime } from "../../../format/time";
import { useWords } from "../../../i18n/text";
import { DeadlineBar } from "../../../parts/deadline";
import { Icon } from "../../../parts/icon";
import { PriorityMark } from "../../../parts/priority";
import { flashes, isOverdue, waits } from "./order";

interface Props {
  row: CaseRow;
  /** When its newest unacknowledged incident was raised. */
  raisedAt: number | undefined;
  now: number;
  chosen: boolean;
  id: string;
  at: number;
  of: number;
  top: number;
  height: number;
  onChoose: () => void;
}

/** A line of the worklist: what, where, how long, by when, who. */
export function Row({ row, raisedAt, now, chosen, id, at, of, top, height, onChoose }: Props) {
  const { t, say } = useWords();
  const time = useTime();
  const age = Math.max(0, (now - Date.parse(row.opened_at)) / 1000);
  const back = row.closed_at === null && row.incidents > 0 && row.active_incidents === 0;
  const classes = ["case-row", row.priority];
  if (waits(row)) classes.push("waiting");
  if (flashes(row, raisedAt, now)) classes.push("flashing");
  if (back) classes.push("back");
  if (row.closed_at !== null) classes.push("closed");
  const raises = row.incidents + row.repeats;
  const title = say(row.title);
  const first = say(row.first_out);
  const executor = say(row.executor_name) || t("control.noExecutor");
  return (
    // The list itself has the focus and the keys; rows are its options.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events
    <div
      id={id}
      role="option"
      aria-selected={chosen}
      aria-posinset={at + 1}
      aria-setsize={of}
      tabIndex={-1}
      className={classes.join(" ")}
      style={{ height, transform: `translateY(${top}px)` }}
      onClick={onChoose}
    >
      <PriorityMark priority={row.priority} />
      <span className="title">
        <span className="words">{title}</span>
        {raises > 1 && (
          <span className="count" title={t("control.folded", { count: raises })}>
            <span aria-hidden="true">{`×${raises}`}</span>
            <span className="hidden">{t("control.folded", { count: raises })}</span>
          </span>
        )}
        {row.escalated_to && (
          <span className="count" title={t("alarms.told", { level: t(`alarms.level.${row.escalated_to}`) })}>
            {`↑ ${t(`alarms.level.${row.escalated_to}`)}`}
          </span>
        )}
        {row.nuisance && <span className="count">{t(`alarms.${row.nuisance}`)}</span>}
        {row.appeals > 0 && (
          <span className="count" title={t("control.people", { count: row.appeals })}>
            <Icon name="person" size={12} />
            <span aria-hidden="true">{row.appeals}</span>
            <span className="hidden">{t("control.people", { count: row.appeals })}</span>
          </span>
        )}
      </span>
      <span className="age" title={time.clock(row.opened_at)}>
        {time.age(age)}
      </span>
      <span className="where">
        {[say(row.address), first && first !== title && t("alarms.first", { name: first })]
          .filter(Boolean)
          .join(" · ")}
      </span>
      <span className="foot">
        <span className="stage">{back ? t("control.back") : t(`state.${row.state}`)}</span>
        <span className="executor">{executor}</span>
        <DeadlineBar
          start={row.opened_at}
          due={row.due_at}
          now={now}
          done={row.closed_at !== null}
          overdue={isOverdue(row, now)}
        />
      </span>
    </div>
  );
}
