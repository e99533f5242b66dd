import type { TimelineEntry } from "../../../api/types";
import { useTime } from "../../../format/time";
import { useWords } from "../../../i18n/text";
import { Section } from "./section";

/** What happened to the case, newest first. */
export function Timeline({ entries }: { entries: TimelineEntry[] }) {
  const { t, say } = useWords();
  const time = useTime();
  const newestFirst = entries.toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at));
  return (
    <Section title={t("card.timeline")}>
      <ol className="timeline">
        {newestFirst.map((entry, at) => (
          <li key={`${entry.at}-${at}`}>
            <time dateTime={entry.at}>{time.moment(entry.at)}</time>
            <p>
              {say(entry.text)} <span className="faint">{entry.by}</span>
            </p>
          </li>
        ))}
      </ol>
    </Section>
  );
}
