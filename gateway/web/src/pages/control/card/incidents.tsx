import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { acknowledge } from "../../../api/calls";
import { keys } from "../../../api/keys";
import type { IncidentOut } from "../../../api/types";
import { useTime } from "../../../format/time";
import { useValue } from "../../../format/value";
import { useWords } from "../../../i18n/text";
import { useNow } from "../../../live/react";
import { useAssetName } from "../../../parts/asset-name";
import { PriorityMark, rank } from "../../../parts/priority";
import { Trouble } from "../../../parts/trouble";
import { WAITING } from "../worklist/order";
import { Nuisance } from "./nuisance";
import { Quiet } from "./quiet";
import { Section } from "./section";
import { Still } from "./still";

const SHOWN = 5;

/** First-out first, then what waits for an eye, then the worst. */
const order = (a: IncidentOut, b: IncidentOut) =>
  Number(b.first_out) - Number(a.first_out) ||
  Number(a.acknowledged) - Number(b.acknowledged) ||
  Number(b.active) - Number(a.active) ||
  rank(b.severity) - rank(a.severity) ||
  a.id - b.id;

export function useAcknowledge() {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: acknowledge,
    onSuccess: () => {
      void cache.invalidateQueries({ queryKey: keys.incidents });
      void cache.invalidateQueries({ queryKey: ["case"] });
      void cache.invalidateQueries({ queryKey: ["asset-incidents"] });
    },
  });
}

const waitingOf = (incidents: readonly IncidentOut[]) =>
  incidents.filter((incident) => WAITING.has(incident.state)).map((incident) => incident.id);

/**
 * The incidents on the screen are those that the button acknowledges, and no others. A second one
 * takes all that the page knew of one cause when it was pressed; what comes later waits anew.
 */
export function Incidents({
  incidents,
  title,
  ofOneCause = false,
  onShown,
}: {
  incidents: readonly IncidentOut[];
  title: string;
  ofOneCause?: boolean;
  onShown?: (ids: number[]) => void;
}) {
  const { t } = useWords();
  const [all, setAll] = useState(false);
  const [comment, setComment] = useState("");
  const acknowledging = useAcknowledge();
  const press = (ids: readonly number[]) =>
    acknowledging.mutate(
      { incidents: ids, comment: comment.trim() },
      { onSuccess: () => setComment("") },
    );
  const ordered = incidents.toSorted(order);
  const shown = all ? ordered : ordered.slice(0, SHOWN);
  const waiting = waitingOf(shown);
  const known = ofOneCause ? waitingOf(ordered) : waiting;
  onShown?.(waiting);
  const assets = new Set(incidents.map((incident) => incident.asset));
  return (
    <Section
      title={`${title} ${incidents.length || ""}`}
      aside={
        <div className="acknowledging">
          {known.length > waiting.length && (
            <button
              type="button"
              className="button"
              disabled={acknowledging.isPending}
              onClick={() => press(known)}
            >
              {t("card.acknowledgeCause", { count: known.length })}
            </button>
          )}
          {waiting.length > 0 && (
            <button
              type="button"
              className="button solid"
              disabled={acknowledging.isPending}
              onClick={() => press(waiting)}
            >
              {t("card.acknowledgeCount", { count: waiting.length })}
            </button>
          )}
        </div>
      }
    >
      {waiting.length > 0 && (
        <input
          className="input"
          value={comment}
          maxLength={500}
          aria-label={t("card.acknowledgeComment")}
          placeholder={t("card.acknowledgeComment")}
          onChange={(event) => setComment(event.target.value)}
        />
      )}
      <Trouble error={acknowledging.error} />
      {!incidents.length && <p className="faint">{t("card.noIncidents")}</p>}
      <ul className="incidents">
        {shown.map((incident, at) => (
          <Incident
            key={incident.id}
            incident={incident}
            open={at === 0}
            named={assets.size > 1}
          />
        ))}
      </ul>
      {incidents.length > SHOWN && (
        <button
          type="button"
          className="button quiet"
          aria-expanded={all}
          onClick={() => setAll(!all)}
        >
          {all ? t("card.fewer") : t("card.moreIncidents", { count: incidents.length - SHOWN })}
        </button>
      )}
    </Section>
  );
}

function Incident({
  incident,
  open,
  named,
}: {
  incident: IncidentOut;
  open: boolean;
  named: boolean;
}) {
  const { t, say } = useWords();
  const time = useTime();
  const value = useValue();
  const assetName = useAssetName();
  const now = useNow(60_000);
  const facts: string[] = [t("card.raised", { time: time.moment(incident.raised_at, now) })];
  if (incident.cleared_at)
    facts.push(t("card.cleared", { time: time.moment(incident.cleared_at, now) }));
  if (incident.acknowledged_at && incident.acknowledged_by) {
    facts.push(
      t("card.acknowledgedBy", {
        name: incident.acknowledged_by,
        time: time.moment(incident.acknowledged_at, now),
      }),
    );
  }
  const guide = (["cause", "consequence", "action"] as const).filter((part) => say(incident[part]));
  return (
    <li className={`incident ${incident.state}`}>
      <details open={open}>
        <summary>
          <PriorityMark priority={incident.severity} size={17} />
          <span className="words">
            {say(incident.name) || incident.condition}
            {named && <small>{assetName(incident.asset)}</small>}
          </span>
          {incident.first_out && <span className="tag">{t("card.firstOut")}</span>}
          {/* "1" is a state or a count, whose code says nothing to a reader. */}
          {incident.value !== null && incident.unit !== "1" && (
            <span className="value">{value.withUnit(incident.value, incident.unit)}</span>
          )}
        </summary>
        <div className="inside">
          {say(incident.text) && <p>{say(incident.text)}</p>}
          <p className="faint">
            {t(`incidentState.${incident.state}`)}
            {" · "}
            {facts.join(" · ")}
          </p>
          {guide.length > 0 && (
            <dl className="guide">
              {guide.map((part) => (
                <div key={part} className={part}>
                  <dt>{t(`card.${part}`)}</dt>
                  <dd>{say(incident[part])}</dd>
                </div>
              ))}
            </dl>
          )}
          <Nuisance incident={incident} />
          <Quiet incident={incident} />
          {typeof incident.still === "number" && (
            <Still id={incident.still} label={say(incident.name)} />
          )}
          {incident.asset && (
            <Link href={`/control/asset/${encodeURIComponent(incident.asset)}`} className="faint">
              {t("card.openAsset", { name: assetName(incident.asset) })}
            </Link>
          )}
        </div>
      </details>
    </li>
  );
}
