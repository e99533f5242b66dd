import type { AppealOut } from "../../../api/types";
import { useTime } from "../../../format/time";
import { useWords } from "../../../i18n/text";
import { Icon } from "../../../parts/icon";
import { Section } from "./section";
import { Still } from "./still";

/** What residents said, without who they are. */
export function Appeals({ appeals }: { appeals: AppealOut[] }) {
  const { t, say } = useWords();
  const time = useTime();
  if (!appeals.length) return null;
  return (
    <Section title={`${t("card.appeals")} ${appeals.length}`}>
      <ul className="appeals">
        {appeals.map((appeal) => (
          <li key={appeal.number}>
            <p className="faint">
              <Icon name="person" size={13} />
              {[
                appeal.number,
                say(appeal.category_name),
                time.moment(appeal.filed_at),
                appeal.contact,
                appeal.fixed !== null && t(appeal.fixed ? "card.saysFixed" : "card.saysNotFixed"),
              ]
                .filter(Boolean)
                .join(" · ")}
            </p>
            <p className="said">{appeal.description}</p>
            {appeal.address && <p className="faint">{appeal.address}</p>}
            <div className="stills">
              {appeal.photos.map((photo) => (
                <Still key={photo} id={photo} label={t("evidenceKind.photo")} />
              ))}
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}
