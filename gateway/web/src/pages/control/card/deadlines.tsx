import { useMutation, useQueryClient } from "@tanstack/react-query";
import { pauseClock, resumeClock } from "../../../api/calls";
import { keys } from "../../../api/keys";
import type { CaseDetail, DeadlineOut } from "../../../api/types";
import { useTime } from "../../../format/time";
import { useWords } from "../../../i18n/text";
import { useNow } from "../../../live/react";
import { useLeft } from "../../../parts/deadline";
import { Trouble } from "../../../parts/trouble";

/** All clocks of a case, each with its countdown, and what was passed before. */
export function Deadlines({ detail }: { detail: CaseDetail }) {
  const { t, say } = useWords();
  const time = useTime();
  const now = useNow();
  const cache = useQueryClient();
  const move = useMutation({
    mutationFn: ({ deadline, reason }: { deadline: string; reason: string | null }) => {
      const body = { version: detail.version, deadline, reason: reason ?? "", note: "" };
      return reason === null ? resumeClock(detail.id, body) : pauseClock(detail.id, body);
    },
    onSuccess: (changed) => cache.setQueryData(keys.case(detail.id), changed),
    onError: () => void cache.invalidateQueries({ queryKey: keys.case(detail.id) }),
  });
  const mayPause = Object.keys(detail.pause_reasons).length > 0;
  return (
    <>
      <ul className="clocks">
        {detail.deadlines.map((deadline) => {
          const name = say(deadline.label) || deadline.name;
          const late = deadline.met_at === null && Date.parse(deadline.due_at) < now;
          return (
            <li
              key={`${deadline.name} ${deadline.started_at}`}
              className={late || deadline.breached ? "late" : ""}
            >
              <span title={deadline.source}>{name}</span>
              <span className="due">{time.moment(deadline.due_at, now)}</span>
              <strong>
                <Standing deadline={deadline} />
              </strong>
              {mayPause && deadline.paused_at !== null && (
                <button
                  type="button"
                  className="button"
                  disabled={move.isPending}
                  onClick={() => move.mutate({ deadline: deadline.name, reason: null })}
                >
                  {t("card.resume", { name })}
                </button>
              )}
              {mayPause && deadline.pauses.length > 0 && (
                <select
                  className="input"
                  aria-label={t("card.pause", { name })}
                  value=""
                  disabled={move.isPending}
                  onChange={(event) =>
                    move.mutate({ deadline: deadline.name, reason: event.target.value })
                  }
                >
                  <option value="">{t("card.pauseFor")}</option>
                  {deadline.pauses.map((reason) => (
                    <option key={reason} value={reason}>
                      {say(detail.pause_reasons[reason] ?? {}) || reason}
                    </option>
                  ))}
                </select>
              )}
            </li>
          );
        })}
      </ul>
      {detail.breaches.length > 0 && (
        <>
          <h4 className="label">{t("card.breaches")}</h4>
          <ul className="clocks">
            {detail.breaches.map((breach) => (
              <li key={`${breach.name} ${breach.due_at}`}>
                <span>{say(breach.label)}</span>
                <span className="due">{time.moment(breach.due_at, now)}</span>
                <span>{say(breach.executor_name)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      <Trouble error={move.error} />
    </>
  );
}

function Standing({ deadline }: { deadline: DeadlineOut }) {
  const { t } = useWords();
  const time = useTime();
  const left = useLeft();
  const now = useNow();
  if (deadline.met_at !== null) {
    const met = t("card.met", { time: time.moment(deadline.met_at, now) });
    return deadline.breached ? `${met} · ${t("card.breached")}` : met;
  }
  if (deadline.paused_at !== null)
    return t("card.paused", { time: time.moment(deadline.paused_at, now) });
  if (deadline.halted_at !== null)
    return t("card.reported", { time: time.moment(deadline.halted_at, now) });
  return left(deadline.due_at, now);
}
