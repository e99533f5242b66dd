import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { getPublicWorks, worksKeys, type PublicWorks } from "../../api/works";
import { useWords } from "../../i18n/text";
import { Trouble, Waiting } from "../../parts/trouble";
import { PortalFrame } from "../portal/frame";
import { WorksFacts } from "./facts";

const GROUPS = [
  { title: "now", states: ["overdue", "under_way"] },
  { title: "toCome", states: ["published"] },
  { title: "over", states: ["done", "withdrawn"] },
] as const;

/** The public queue of works: what is planned, what is done, and what shows it. */
export default function Queue() {
  const { t, say } = useWords();
  const id = useId();
  const [where, setWhere] = useState("");
  const works = useQuery({ queryKey: worksKeys.public, queryFn: getPublicWorks });
  const wanted = where.trim().toLocaleLowerCase();
  const isThere = (one: PublicWorks) =>
    [...one.places, ...one.houses].some((each) => say(each).toLocaleLowerCase().includes(wanted));
  const found = works.data?.filter(isThere) ?? [];
  return (
    <PortalFrame>
      <h1>{t("works.title")}</h1>
      <p className="lead">{t("works.lead")}</p>
      <div className="works">
        <label className="label" htmlFor={id}>
          {t("works.where")}
        </label>
        <input
          id={id}
          className="input"
          type="search"
          placeholder={t("works.wherePlaceholder")}
          value={where}
          onChange={(event) => setWhere(event.target.value)}
        />
        <Trouble error={works.error} retry={() => void works.refetch()} />
        {works.isPending && <Waiting />}
        {works.data && found.length === 0 && (
          <p className="quiet-state" role="status">
            {t(wanted ? "works.noneThere" : "works.none")}
          </p>
        )}
        {GROUPS.map(({ title, states }) => {
          const these = found.filter(({ state }) => states.some((each) => each === state));
          if (these.length === 0) return null;
          return (
            <section key={title} aria-labelledby={`${id}-${title}`}>
              <h2 id={`${id}-${title}`}>{t(`works.${title}`)}</h2>
              <ul>
                {these.map((each) => (
                  <li key={each.id}>
                    <WorksFacts works={each} heading="h3" />
                  </li>
                ))}
              </ul>
            </section>
          );
        })}
      </div>
    </PortalFrame>
  );
}
