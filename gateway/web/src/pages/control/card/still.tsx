import { evidenceUrl } from "../../../api/calls";
import { useWords } from "../../../i18n/text";

/** A picture of the evidence store; a press opens it in full. */
export function Still({ id, label }: { id: number; label: string }) {
  const { t } = useWords();
  return (
    <a
      className="still"
      href={evidenceUrl(id)}
      target="_blank"
      rel="noreferrer"
      title={t("card.openStill")}
    >
      <img src={evidenceUrl(id)} alt={label || t("evidenceKind.still")} loading="lazy" />
    </a>
  );
}
