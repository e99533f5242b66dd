import { countdown, useTime } from "../format/time";
import { useWords } from "../i18n/text";
import "./deadline.css";

interface Props {
  start: string;
  due: string | null;
  now: number;
  done: boolean;
  overdue: boolean;
}

/** Say how much time is left, or how late it is: "12:30 left" or "2 h 5 min late". */
export function useLeft() {
  const { t } = useWords();
  const time = useTime();
  return (due: string, now: number) => {
    const seconds = (Date.parse(due) - now) / 1000;
    const age = countdown(seconds) ?? time.age(Math.abs(seconds));
    return seconds >= 0 ? t("age.left", { age }) : t("age.late", { age });
  };
}

const SOON = 0.8; // warning point of the deadline's span

/** A thin bar that fills until the deadline; coloured only from its last fifth on. */
export function DeadlineBar({ start, due, now, done, overdue }: Props) {
  const left = useLeft();
  const { t } = useWords();
  if (due === null)
    return (
      <span className="deadline none">
        {done ? "" : <span className="hidden">{t("control.noDeadline")}</span>}
      </span>
    );
  const from = Date.parse(start);
  const span = Math.max(1, Date.parse(due) - from);
  const share = Math.min(1, Math.max(0, (now - from) / span));
  const look = done ? "done" : overdue ? "late" : share >= SOON ? "soon" : "";
  return (
    <span className={`deadline ${look}`}>
      <span className="track">
        <span style={{ width: `${(done ? 0 : share) * 100}%` }} />
      </span>
      {!done && <span className="left">{left(due, now)}</span>}
    </span>
  );
}
