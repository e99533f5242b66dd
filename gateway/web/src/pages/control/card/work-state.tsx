import { useQuery } from "@tanstack/react-query";
import { getWork, workKey } from "../../../api/proof";
import { useTime } from "../../../format/time";
import { useWords } from "../../../i18n/text";
import { Icon } from "../../../parts/icon";
import { Section } from "./section";
import "./work-state.css";

/** How far those are who do the work, and which points of their checklist are open. */
export function WorkState({ caseId }: { caseId: number }) {
  const { t, say } = useWords();
  const time = useTime();
  const { data: work } = useQuery({ queryKey: workKey(caseId), queryFn: () => getWork(caseId) });
  if (!work) return null;
  const last = work.steps[0];
  return (
    <Section title={t("field.checklist")}>
      <p>
        <strong>{t(`workState.${work.state}`)}</strong>{" "}
        {last && <span className="faint">{`${time.moment(last.at)} · ${last.by}`}</span>}
      </p>
      {last?.reason && <p>{last.reason}</p>}
      <ul className="work-items">
        {work.items.map((item) => {
          const done = item.answer !== null || item.found !== null;
          return (
            <li key={item.key} className={done ? undefined : "faint"}>
              <Icon name={done ? "check" : "right"} size={13} />
              {say(item.label)}
              {item.found && ` · ${t("card.grade", { grade: item.found })}`}
              {item.answer?.number !== null && item.answer && ` · ${item.answer.number} ${item.unit}`}
              {item.answer?.text && ` · ${item.answer.text}`}
            </li>
          );
        })}
      </ul>
    </Section>
  );
}
