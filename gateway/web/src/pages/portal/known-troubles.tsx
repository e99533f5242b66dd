import { useQuery } from "@tanstack/react-query";
import { getKnown, type KnownTrouble } from "../../api/known";
import { useTime } from "../../format/time";
import { useWords } from "../../i18n/text";
import { categoryIcon, Icon } from "../../parts/icon";
import type { Spot } from "./places";
import "./known-troubles.css";

/** What is known there already, and until when: whoever has the same joins with one press. */
export function KnownTroubles({
  spot,
  isBusy,
  onJoin,
}: {
  spot: Spot;
  isBusy: boolean;
  onJoin: (trouble: KnownTrouble) => void;
}) {
  const { t, say } = useWords();
  const time = useTime();
  const where =
    spot.kind === "house"
      ? { place: spot.id }
      : { latitude: spot.latitude, longitude: spot.longitude };
  const known = useQuery({ queryKey: ["known", where], queryFn: () => getKnown(where) });
  if (!known.data?.length) return null;
  return (
    <section className="known-troubles" aria-labelledby="known-title">
      <h2 id="known-title">{t("portal.known.title")}</h2>
      <ul>
        {known.data.map((trouble) => (
          <li key={trouble.case ?? trouble.since}>
            <Icon name={categoryIcon(trouble.category)} size={22} />
            <div>
              <strong>{say(trouble.name)}</strong>
              <p>
                {trouble.until
                  ? t("portal.known.until", { time: time.long(trouble.until) })
                  : t("portal.known.since", { time: time.long(trouble.since) })}
                {trouble.people > 0 && ` · ${t("portal.known.people", { count: trouble.people })}`}
              </p>
            </div>
            <button
              type="button"
              className="button"
              disabled={isBusy}
              onClick={() => onJoin(trouble)}
            >
              {t("portal.known.join")}
            </button>
          </li>
        ))}
      </ul>
      <p className="hint">{t("portal.known.else")}</p>
    </section>
  );
}
