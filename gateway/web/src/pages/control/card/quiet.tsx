import { useId, useState } from "react";
import { resetIncident, shelve } from "../../../api/calls";
import type { IncidentOut } from "../../../api/types";
import { useWords } from "../../../i18n/text";
import { useLive } from "../../../live/react";
import { useMe } from "../../../parts/signed-in";
import { Trouble } from "../../../parts/trouble";
import { useSuppressing } from "../use-suppressions";

const HOURS = [0.25, 0.5, 1, 2, 4, 8, 24];

/** Put an alarm aside for a while, or reset one that is latched. */
export function Quiet({ incident }: { incident: IncidentOut }) {
  const { role } = useMe();
  if (role !== "dispatcher" && role !== "administrator") return null;
  if (incident.latched) return <Reset incident={incident} />;
  const isTold = incident.active && incident.state !== "shelved";
  return isTold && incident.shelved_at_most_h > 0 ? <Shelve incident={incident} /> : null;
}

function Reset({ incident }: { incident: IncidentOut }) {
  const { t } = useWords();
  const resetting = useSuppressing(resetIncident);
  return (
    <div className="quiet-line">
      <span>{t("quiet.latched")}</span>
      <button
        type="button"
        className="button"
        disabled={resetting.isPending || !incident.acknowledged}
        onClick={() => resetting.mutate(incident.id)}
      >
        {t("quiet.reset")}
      </button>
      <Trouble error={resetting.error} />
    </div>
  );
}

function Shelve({ incident }: { incident: IncidentOut }) {
  const { t } = useWords();
  const [asked, setAsked] = useState(false);
  const [hours, setHours] = useState(HOURS[0] ?? 0);
  const [reason, setReason] = useState("");
  const id = useId();
  const live = useLive();
  const shelving = useSuppressing(() => {
    const until = new Date(live.now() + hours * 3_600_000).toISOString();
    return shelve(incident.id, { until, reason });
  });
  if (!asked)
    return (
      <button type="button" className="button quiet" onClick={() => setAsked(true)}>
        {t("quiet.shelve")}
      </button>
    );
  return (
    <form
      className="quiet-line"
      onSubmit={(event) => {
        event.preventDefault();
        shelving.mutate(undefined);
      }}
    >
      <label htmlFor={`${id}-for`}>{t("quiet.shelveFor")}</label>
      <select
        id={`${id}-for`}
        className="input"
        value={hours}
        onChange={(event) => setHours(Number(event.target.value))}
      >
        {HOURS.filter((each) => each <= incident.shelved_at_most_h).map((each) => (
          <option key={each} value={each}>
            {each < 1
              ? t("quiet.minutes", { count: each * 60 })
              : t("quiet.hours", { count: each })}
          </option>
        ))}
      </select>
      <input
        className="input"
        aria-label={t("quiet.reason")}
        placeholder={t("quiet.reason")}
        required
        maxLength={500}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      <button type="submit" className="button solid" disabled={shelving.isPending}>
        {t("quiet.shelve")}
      </button>
      {incident.shelving_needs_two && <span>{t("quiet.needsTwo")}</span>}
      <Trouble error={shelving.error} />
    </form>
  );
}
