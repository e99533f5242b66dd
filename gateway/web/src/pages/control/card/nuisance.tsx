import type { IncidentOut } from "../../../api/types";
import { useValue } from "../../../format/value";
import { useWords } from "../../../i18n/text";

/** That an alarm comes and goes, and what of its rule would calm it. */
export function Nuisance({ incident }: { incident: IncidentOut }) {
  const { t } = useWords();
  const value = useValue();
  const { advice } = incident;
  if (!advice) return null;
  const steps = [
    advice.on_delay_s !== null &&
      t("alarms.onDelay", { delay: value.withUnit(advice.on_delay_s, "s") }),
    advice.off_delay_s !== null &&
      t("alarms.offDelay", { delay: value.withUnit(advice.off_delay_s, "s") }),
    advice.deadband !== null &&
      t("alarms.deadband", { band: value.withUnit(advice.deadband, incident.unit) }),
  ].filter(Boolean);
  return (
    <p>
      <strong>
        {incident.raises > 1
          ? t("alarms.chatters", { count: incident.raises })
          : t("alarms.wasFleeting")}
      </strong>{" "}
      {steps.length > 0 && t("alarms.advice", { steps: steps.join(", ") })}
    </p>
  );
}
