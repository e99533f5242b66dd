import { useState } from "react";
import type { SuppressionOut } from "../../api/types";
import { useTime } from "../../format/time";
import { useWords } from "../../i18n/text";
import { useNow } from "../../live/react";
import { Dialog } from "../../parts/dialog";
import { Icon } from "../../parts/icon";
import { Trouble } from "../../parts/trouble";
import { useEnding, useSuppressions } from "./use-suppressions";

/** How many alarms nobody is told of, and at a press which, by whose word and for how long. */
export function Suppressions() {
  const { t } = useWords();
  const { data = [] } = useSuppressions();
  const [shown, setShown] = useState(false);
  const standing = data.filter((one) => one.ended_at === null);
  if (!data.length) return null;
  return (
    <>
      <button type="button" className="button quiet" onClick={() => setShown(true)}>
        <Icon name="mute" />
        {t("quiet.count", { count: standing.length })}
      </button>
      {shown && (
        <Dialog title={t("quiet.title")} onClose={() => setShown(false)}>
          {!standing.length && <p>{t("quiet.none")}</p>}
          <List suppressions={data} />
        </Dialog>
      )}
    </>
  );
}

function List({ suppressions }: { suppressions: readonly SuppressionOut[] }) {
  const { t, say } = useWords();
  const time = useTime();
  const now = useNow(60_000);
  const ending = useEnding();
  return (
    <>
      <Trouble error={ending.error} />
      <ul className="suppressions">
        {suppressions.map((one) => {
          const name = say(one.name);
          const when = one.ended_at
            ? t("quiet.ended", { time: time.moment(one.ended_at, now), by: one.ended_by })
            : [
                Date.parse(one.since) > now && t("quiet.from", { time: time.moment(one.since, now) }),
                one.until
                  ? t("quiet.until", { time: time.moment(one.until, now) })
                  : t("quiet.forever"),
              ]
                .filter(Boolean)
                .join(" ");
          return (
            <li key={one.id} className={one.ended_at ? "faint" : ""}>
              <strong>{name}</strong>
              <span>{`${t(`incidentState.${one.why}`)} · ${when}`}</span>
              <span className="faint">
                {[one.by, one.order, one.reason].filter(Boolean).join(" · ")}
              </span>
              {!one.ended_at && (
                <button
                  type="button"
                  className="button"
                  disabled={ending.isPending}
                  onClick={() => ending.mutate(one.id)}
                >
                  {t("quiet.end", { name })}
                </button>
              )}
            </li>
          );
        })}
      </ul>
    </>
  );
}
