import { useQuery } from "@tanstack/react-query";
import { getLeague } from "../../api/service";
import { useTime } from "../../format/time";
import { useValue } from "../../format/value";
import { useWords } from "../../i18n/text";
import { Trouble, Waiting } from "../../parts/trouble";
import { PortalFrame } from "../portal/frame";
import "./service.css";

const HUNDRED = 100;

/** The league table of municipalities: who keeps their deadlines, and how soon things are done. */
export default function LeaguePage() {
  const { t, say } = useWords();
  const time = useTime();
  const value = useValue();
  const league = useQuery({ queryKey: ["league"], queryFn: getLeague });
  const percent = (share: number) => value.withUnit(Math.round(share * HUNDRED), "%");
  return (
    <PortalFrame>
      <h1>{t("service.league")}</h1>
      <p className="lead">{t("service.leagueLead")}</p>
      <div className="service">
        <Trouble error={league.error} retry={() => void league.refetch()} />
        {league.isPending && <Waiting />}
        {league.data?.lines.length === 0 && (
          <p className="quiet-state">{t("service.leagueNone", { count: league.data.fewest })}</p>
        )}
        {league.data && league.data.lines.length > 0 && (
          <div className="table">
            <table>
              <caption>
                {t("service.span", {
                  since: time.date(league.data.since),
                  until: time.date(league.data.until),
                })}
              </caption>
              <thead>
                <tr>
                  <th scope="col">{t("service.rank")}</th>
                  <th scope="col">{t("service.way.municipality")}</th>
                  {(["onTime", "hours", "reopened", "closed"] as const).map((column) => (
                    <th key={column} scope="col">
                      {t(`service.column.${column}`)}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {league.data.lines.map((line) => (
                  <tr key={line.place}>
                    <td>{line.place}</td>
                    <th scope="row">{say(line.name)}</th>
                    <td>{percent(line.on_time)}</td>
                    <td>{line.hours.toFixed(1)}</td>
                    <td>{percent(line.reopened)}</td>
                    <td>{line.closed}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </div>
    </PortalFrame>
  );
}
