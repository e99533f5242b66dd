import { useTime } from "../../format/time";
import { useWords } from "../../i18n/text";
import { ageOf, trustOf } from "../../live/health";
import { useHealth, useNow } from "../../live/react";
import { Icon } from "../../parts/icon";

/** Lies over the page when what it shows is too old to be trusted; it does not stop the hands. */
export function Stale() {
  const { t } = useWords();
  const time = useTime();
  const health = useHealth();
  const age = ageOf(health, useNow());
  if (trustOf(age) !== "red") return null;
  return (
    <div className="stale" role="alert">
      <div>
        <Icon name="warning" size={22} />
        <p>
          <strong>{t("control.staleTitle")}</strong>
          {t(health.phase === "open" ? "control.staleData" : "control.stale", {
            age: time.age(age),
          })}
        </p>
      </div>
    </div>
  );
}
