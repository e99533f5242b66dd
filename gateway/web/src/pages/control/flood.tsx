import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { getFlood } from "../../api/alarms";
import { useTime } from "../../format/time";
import { useWords } from "../../i18n/text";
import { useLive } from "../../live/react";
import "./flood.css";

const KEY = ["flood"];
const ANEW_MS = 15_000;
const AFTER_CHANGE_MS = 2_000;

/** Whether more comes than a person can read, asked for anew soon after an alarm came. */
function useFlood() {
  const live = useLive();
  const cache = useQueryClient();
  useEffect(() => {
    let waiting: ReturnType<typeof setTimeout> | undefined;
    const stop = live.read((changes) => {
      if (waiting !== undefined || !changes.some((change) => change.topic === "incident")) return;
      waiting = setTimeout(() => {
        waiting = undefined;
        void cache.invalidateQueries({ queryKey: KEY });
      }, AFTER_CHANGE_MS);
    });
    return () => {
      clearTimeout(waiting);
      stop();
    };
  }, [live, cache]);
  return useQuery({ queryKey: KEY, queryFn: getFlood, refetchInterval: ANEW_MS }).data;
}

/** Stands over the worklist while it is flooded: how much, since when, and by what. */
export function Flood({ onCase }: { onCase: (id: number) => void }) {
  const { t, say } = useWords();
  const time = useTime();
  const flood = useFlood();
  if (!flood?.flood || !flood.since) return null;
  return (
    <section className="notice flood" role="status" aria-label={t("alarms.flood")}>
      <p>
        <strong>{t("alarms.flood")}</strong>
        {" · "}
        {t("alarms.floodOf", { count: flood.alarms, since: time.short(flood.since) })}
      </p>
      <ul>
        {flood.causes.map((cause) => {
          const words = `${say(cause.name)} ×${cause.alarms}`;
          const { case: id } = cause;
          return (
            <li key={cause.problem}>
              {id === null ? (
                words
              ) : (
                <button type="button" className="button" onClick={() => onCase(id)}>
                  {words}
                </button>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
