import { useQuery } from "@tanstack/react-query";
import { dialOf, getSentReadings } from "../../api/sent-readings";
import { useTime } from "../../format/time";
import { unitIn } from "../../format/value";
import { useWords } from "../../i18n/text";
import { Trouble } from "../../parts/trouble";
import { onDial } from "./dial";
import "./sent-readings.css";

/** What people read on the meters of a house, with photos of the dials, for whoever checks it. */
export function SentReadings({ place }: { place: string }) {
  const { t, say, language } = useWords();
  const time = useTime();
  const sent = useQuery({
    queryKey: ["sent-readings", place],
    queryFn: () => getSentReadings(place),
  });
  if (sent.error) return <Trouble error={sent.error} retry={() => void sent.refetch()} />;
  if (!sent.data?.length) return null;
  return (
    <section className="table">
      <table>
        <caption>{t("meters.sentByPeople")}</caption>
        <thead>
          <tr>
            {(["when", "meter", "reading", "by", "dial"] as const).map((column) => (
              <th key={column} scope="col">
                {t(`meters.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sent.data.map((each) => (
            <tr key={each.id}>
              <td>{time.full(each.at)}</td>
              <th scope="row">{say(each.name)}</th>
              <td>
                {`${each.zone} ${onDial(each.value, language)} ${unitIn(each.unit, language)}`}
                {each.confirmed && <span className="faint"> · {t("meters.muchButRight")}</span>}
              </td>
              <td>{each.by}</td>
              <td>
                {each.has_photo && (
                  <a href={dialOf(each.asset, each.id)} target="_blank" rel="noreferrer">
                    <img
                      className="dial"
                      loading="lazy"
                      src={dialOf(each.asset, each.id)}
                      alt={t("meters.dialOf", { name: say(each.name) })}
                    />
                  </a>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
