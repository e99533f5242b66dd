import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { replaceDevice } from "../../api/replacement";
import type { MeterOut } from "../../api/types";
import { useWords } from "../../i18n/text";
import { Dialog } from "../../parts/dialog";
import { FieldError, Trouble } from "../../parts/trouble";
import { offDial } from "./dial";
import "./replace-meter.css";

/** A button, and the dialog in which somebody says that another meter was put in its place. */
export function ReplaceMeter({ meter }: { meter: MeterOut }) {
  const { t, say } = useWords();
  const [isOpen, setIsOpen] = useState(false);
  const name = say(meter.name);
  return (
    <>
      <button
        type="button"
        className="button quiet"
        aria-label={t("replacement.of", { name })}
        onClick={() => setIsOpen(true)}
      >
        {t("replacement.replace")}
      </button>
      {isOpen && (
        <Dialog title={t("replacement.of", { name })} onClose={() => setIsOpen(false)}>
          <Form meter={meter} onDone={() => setIsOpen(false)} />
        </Dialog>
      )}
    </>
  );
}

function Form({ meter, onDone }: { meter: MeterOut; onDone: () => void }) {
  const { t } = useWords();
  const cache = useQueryClient();
  const id = useId();
  const [serial, setSerial] = useState("");
  const [at, setAt] = useState("");
  const [dials, setDials] = useState({ last: "", first: "" });
  const [note, setNote] = useState("");
  const [wrong, setWrong] = useState<"last" | "first" | null>(null);
  const replacing = useMutation({
    mutationFn: () =>
      replaceDevice(meter.asset, {
        serial,
        device: "",
        unit: "",
        former: meter.device,
        at: at ? new Date(at).toISOString() : null,
        last: offDial(dials.last),
        first: offDial(dials.first),
        note,
      }),
    onSuccess: async () => {
      await cache.invalidateQueries();
      onDone();
    },
  });
  return (
    <form
      className="replacement"
      onSubmit={(event) => {
        event.preventDefault();
        const nonsense = (["last", "first"] as const).find(
          (each) => dials[each].trim() && offDial(dials[each]) === null,
        );
        setWrong(nonsense ?? null);
        if (!nonsense) replacing.mutate();
      }}
    >
      <label htmlFor={`${id}-serial`}>{t("replacement.serial")}</label>
      <input
        id={`${id}-serial`}
        className="input"
        required
        maxLength={100}
        autoComplete="off"
        value={serial}
        onChange={(event) => setSerial(event.target.value)}
      />
      <label htmlFor={`${id}-at`}>{t("replacement.at")}</label>
      <input
        id={`${id}-at`}
        type="datetime-local"
        className="input"
        value={at}
        onChange={(event) => setAt(event.target.value)}
      />
      {(["last", "first"] as const).map((each) => (
        <div key={each} className="replacement">
          <label htmlFor={`${id}-${each}`}>{t(`replacement.${each}`)}</label>
          <input
            id={`${id}-${each}`}
            className="input"
            inputMode="decimal"
            autoComplete="off"
            value={dials[each]}
            aria-invalid={wrong === each}
            aria-describedby={`${id}-${each}-wrong`}
            onChange={(event) => setDials({ ...dials, [each]: event.target.value })}
          />
          <FieldError
            id={`${id}-${each}-wrong`}
            words={wrong === each ? t("meters.nonsense") : null}
          />
        </div>
      ))}
      <label htmlFor={`${id}-note`}>{t("replacement.note")}</label>
      <input
        id={`${id}-note`}
        className="input"
        maxLength={2000}
        value={note}
        onChange={(event) => setNote(event.target.value)}
      />
      <p className="faint">{t("replacement.next")}</p>
      <Trouble error={replacing.error} />
      <div className="actions">
        <button type="submit" className="button solid" disabled={replacing.isPending}>
          {t("replacement.record")}
        </button>
      </div>
    </form>
  );
}
