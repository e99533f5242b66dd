import { useState } from "react";
import { confirmSuppression } from "../../api/alarms";
import type { SuppressionOut } from "../../api/types";
import { useTime } from "../../format/time";
import { useWords } from "../../i18n/text";
import { useNow } from "../../live/react";
import { Dialog } from "../../parts/dialog";
import { Icon } from "../../parts/icon";
import { useMe } from "../../parts/signed-in";
import { Trouble } from "../../parts/trouble";
import { useEnding, useSuppressing, useSuppressions } from "./use-suppressions";

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

const waits = (one: SuppressionOut) =>
  !one.ended_at && one.confirm_until !== null && !one.confirmed_by;

function List({ suppressions }: { suppressions: readonly SuppressionOut[] }) {
  const { t, say } = useWords();
  const time = useTime();
  const now = useNow(60_000);
  const me = useMe();
  const ending = useEnding();
  const confirming = useSuppressing(confirmSuppression);
  return (
    <>
      <Trouble error={ending.error ?? confirming.error} />
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
                {[one.by, one.confirmed_by, one.order, one.reason].filter(Boolean).join(" · ")}
              </span>
              {waits(one) && one.confirm_until && (
                <strong>
                  {t("quiet.waits", { time: time.moment(one.confirm_until, now) })}
                </strong>
              )}
              {waits(one) && one.by !== me.name && (
                <button
                  type="button"
                  className="button solid"
                  disabled={confirming.isPending}
                  onClick={() => confirming.mutate(one.id)}
                >
                  {t("quiet.confirm", { name })}
                </button>
              )}
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
