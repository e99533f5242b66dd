import type { CaseDetail } from "../../../api/types";
import { useTime } from "../../../format/time";
import { useWords } from "../../../i18n/text";

/** How long nobody has acknowledged, who was told of that, and who is told next. */
export function Escalation({ detail }: { detail: CaseDetail }) {
  const { t } = useWords();
  const time = useTime();
  const { escalated_to: level, waits_since: since, escalates_at: next } = detail;
  if (!level && !next) return null;
  return (
    <p className={level && since ? "notice" : "faint"}>
      {[
        since && t("alarms.waits", { time: time.short(since) }),
        level && t("alarms.told", { level: t(`alarms.level.${level}`) }),
        next && t("alarms.toldNext", { time: time.clock(next) }),
      ]
        .filter(Boolean)
        .join(" · ")}
    </p>
  );
}
