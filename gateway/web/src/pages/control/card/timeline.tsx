import type { TimelineEntry } from "../../../api/types";
import { useTime } from "../../../format/time";
import { useWords } from "../../../i18n/text";
import { Section } from "./section";

interface Told {
  entry: TimelineEntry;
  times: number;
}

/** Newest first; what is said of many devices in a row is said once. */
function told(entries: TimelineEntry[], say: (text: TimelineEntry["text"]) => string): Told[] {
  const lines: Told[] = [];
  for (const entry of entries.toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))) {
    const last = lines.at(-1);
    if (last && last.entry.by === entry.by && say(last.entry.text) === say(entry.text))
      last.times += 1;
    else lines.push({ entry, times: 1 });
  }
  return lines;
}

/** What happened to the case. */
export function Timeline({ entries }: { entries: TimelineEntry[] }) {
  const { t, say } = useWords();
  const time = useTime();
  return (
    <Section title={t("card.timeline")}>
      <ol className="timeline">
        {told(entries, say).map(({ entry, times }, at) => (
          <li key={`${entry.at}-${at}`}>
            <time dateTime={entry.at}>{time.moment(entry.at)}</time>
            <p>
              {say(entry.text)} {times > 1 && <span className="times">{`×${times}`}</span>}{" "}
              <span className="faint">{entry.by}</span>
            </p>
          </li>
        ))}
      </ol>
    </Section>
  );
}
