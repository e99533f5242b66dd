import { photoOfWorks, type PublicWorks } from "../../api/works";
import { useTime } from "../../format/time";
import { useWords } from "../../i18n/text";
import "./works.css";

/** What works there are: what was planned, what has come of it, and what shows it. */
export function WorksFacts({
  works,
  heading: Heading,
}: {
  works: PublicWorks;
  heading: "h2" | "h3";
}) {
  const { t, say } = useWords();
  const time = useTime();
  const wasProlonged = works.until !== works.first_until;
  return (
    <>
      <header>
        <span className={`works-state ${works.state}`}>{t(`works.state.${works.state}`)}</span>
        <Heading>{works.title}</Heading>
        <p className="faint">
          {`${say(works.category_name)} · ${works.places.map(say).join("; ")}`}
        </p>
      </header>
      {works.words && <p>{works.words}</p>}
      <dl>
        <dt>{t("works.plan")}</dt>
        <dd>
          {t("works.window", { since: time.moment(works.since), until: time.moment(works.until) })}
          {wasProlonged && (
            <span className="late">
              {t("works.prolonged", { until: time.moment(works.first_until) })}
            </span>
          )}
        </dd>
        {works.begun_at && (
          <>
            <dt>{t("works.fact")}</dt>
            <dd>
              {works.done_at
                ? t("works.window", {
                    since: time.moment(works.begun_at),
                    until: time.moment(works.done_at),
                  })
                : t("works.begunAt", { since: time.moment(works.begun_at) })}
            </dd>
          </>
        )}
        <dt>{t("works.executor")}</dt>
        <dd>{say(works.executor_name)}</dd>
        {works.reason && (
          <>
            <dt>{t("works.reason")}</dt>
            <dd>{works.reason}</dd>
          </>
        )}
        {works.result && (
          <>
            <dt>{t("works.result")}</dt>
            <dd>{works.result}</dd>
          </>
        )}
      </dl>
      {works.houses.length > 0 && (
        <details>
          <summary>{t("works.houses", { count: works.houses.length })}</summary>
          <p>{works.houses.map(say).join("; ")}</p>
        </details>
      )}
      {works.has_photo && (
        <img src={photoOfWorks(works.id)} alt={t("works.photoOf", { title: works.title })} />
      )}
    </>
  );
}
