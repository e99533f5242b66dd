import { useWords } from "../../i18n/text";
import { Dialog } from "../../parts/dialog";

const KEYS = [
  ["J K ↓ ↑", "move"],
  ["Enter", "open"],
  ["A", "acknowledge"],
  ["X", "close"],
  ["/", "filter"],
  ["N", "fresh"],
  ["?", "help"],
  ["Esc", "leave"],
] as const;

export function Help({ onClose }: { onClose: () => void }) {
  const { t } = useWords();
  return (
    <Dialog title={t("keys.title")} onClose={onClose}>
      <dl className="key-list">
        {KEYS.map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{t(`keys.${what}`)}</dd>
          </div>
        ))}
      </dl>
      <p className="hint">{t("keys.layout")}</p>
    </Dialog>
  );
}
