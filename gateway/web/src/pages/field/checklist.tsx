import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { keys } from "../../api/keys";
import { enterItem, giveNonces, sendCapture, workKey, type Entry, type WorkItem } from "../../api/proof";
import { useWords } from "../../i18n/text";
import { Icon } from "../../parts/icon";
import { Trouble } from "../../parts/trouble";
import { Camera } from "./camera";
import { position } from "./position";
import { Signature } from "./signature";
import { scannedTag } from "./tag";

/** The points of a piece of work, each with what answers it. */
export function Checklist({ caseId, items }: { caseId: number; items: readonly WorkItem[] }) {
  const { t, say } = useWords();
  return (
    <ul className="checklist" aria-label={t("field.checklist")}>
      {items.map((item) => (
        <li key={item.key}>
          <p>
            {isDone(item) && <Icon name="check" />}
            <strong>{say(item.label)}</strong>
            {!item.required && <span className="faint">{t("field.optional")}</span>}
          </p>
          <Point caseId={caseId} item={item} />
        </li>
      ))}
    </ul>
  );
}

const isDone = (item: WorkItem) => item.answer !== null || item.found !== null;

function Point({ caseId, item }: { caseId: number; item: WorkItem }) {
  const { t, say } = useWords();
  const cache = useQueryClient();
  const entering = useMutation({
    mutationFn: (entry: Partial<Entry>) =>
      enterItem(caseId, { item: item.key, text: "", parts: [], strokes: [], ...entry }),
    onSuccess: (work) => cache.setQueryData(workKey(caseId), work),
  });
  const enter = (entry: Partial<Entry>) => entering.mutate(entry);
  const busy = entering.isPending;
  return (
    <>
      <Trouble error={entering.error} />
      {item.kind === "photo" && <Photo caseId={caseId} item={item} />}
      {item.kind === "reading" && <ReadingPoint item={item} busy={busy} onEnter={enter} />}
      {item.kind === "parts" && <PartsPoint item={item} busy={busy} onEnter={enter} />}
      {item.kind === "check" && item.answer === null && (
        <button type="button" className="button" disabled={busy} onClick={() => enter({})}>
          {t("field.tick")}
        </button>
      )}
      {item.kind === "signature" &&
        (item.answer ? (
          <p>{item.answer.text}</p>
        ) : (
          <Signature
            label={say(item.label)}
            busy={busy}
            onSigned={(text, strokes) => enter({ text, strokes })}
          />
        ))}
    </>
  );
}

/** Take a photo; its grade and what keeps it from a better one are told at once. */
function Photo({ caseId, item }: { caseId: number; item: WorkItem }) {
  const { t, say } = useWords();
  const cache = useQueryClient();
  const [open, setOpen] = useState(false);
  const sending = useMutation({
    mutationFn: async (photo: Blob) => {
      const takenAt = new Date();
      const [where, [given]] = await Promise.all([position(), giveNonces(caseId)]);
      const nonce = given?.nonce ?? "";
      const id = crypto.randomUUID();
      const capture = { id, photo, item: item.key, nonce, tag: scannedTag(), takenAt };
      return sendCapture(caseId, { ...capture, position: where });
    },
    onSuccess: () => cache.invalidateQueries({ queryKey: keys.case(caseId) }),
  });
  const found = sending.data?.grade ?? item.found;
  return (
    <>
      <Trouble error={sending.error} />
      {found && <p role="status">{t("card.grade", { grade: found })}</p>}
      {sending.data?.reasons.map((reason) => <p key={say(reason)}>{say(reason)}</p>)}
      <button
        type="button"
        className="button"
        disabled={sending.isPending}
        aria-label={`${t("field.photo")}: ${say(item.label)}`}
        onClick={() => setOpen(true)}
      >
        <Icon name="camera" />
        {sending.isPending ? t("card.uploading") : t("field.photo")}
      </button>
      {open && (
        <Camera
          title={say(item.label)}
          onClose={() => setOpen(false)}
          onPhoto={(photo) => {
            setOpen(false);
            sending.mutate(photo);
          }}
        />
      )}
    </>
  );
}

interface PointProps {
  item: WorkItem;
  busy: boolean;
  onEnter: (entry: Partial<Entry>) => void;
}

function ReadingPoint({ item, busy, onEnter }: PointProps) {
  const { t, say } = useWords();
  const [number, setNumber] = useState("");
  const [instrument, setInstrument] = useState("");
  const value = Number(number.replace(",", "."));
  const good = number.trim() !== "" && Number.isFinite(value);
  return (
    <>
      {item.answer && <p>{`${item.answer.number} ${item.unit} ${item.answer.text}`}</p>}
      <div className="entry">
        <input
          className="input"
          inputMode="decimal"
          aria-label={`${say(item.label)}, ${item.unit}`}
          placeholder={[item.low, item.high].map((each) => each ?? "…").join("–") + ` ${item.unit}`}
          value={number}
          onChange={(event) => setNumber(event.target.value)}
        />
        <input
          className="input"
          maxLength={200}
          aria-label={`${say(item.label)}: ${t("field.instrument")}`}
          placeholder={t("field.instrument")}
          value={instrument}
          onChange={(event) => setInstrument(event.target.value)}
        />
        <button
          type="button"
          className="button"
          aria-label={`${t("field.store")}: ${say(item.label)}`}
          disabled={busy || !good}
          onClick={() => onEnter({ number: value, text: instrument.trim() })}
        >
          {t("field.store")}
        </button>
      </div>
    </>
  );
}

function PartsPoint({ item, busy, onEnter }: PointProps) {
  const { t, say } = useWords();
  const [name, setName] = useState("");
  const parts = item.answer?.parts ?? [];
  return (
    <>
      {parts.map((part) => (
        <p key={part.name}>{`${part.name} × ${part.count}`}</p>
      ))}
      <div className="entry">
        <input
          className="input"
          maxLength={200}
          aria-label={`${say(item.label)}: ${t("field.part")}`}
          placeholder={t("field.part")}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <button
          type="button"
          className="button"
          aria-label={`${t("field.add")}: ${say(item.label)}`}
          disabled={busy || !name.trim()}
          onClick={() => {
            onEnter({ parts: [...parts, { name: name.trim(), count: 1 }] });
            setName("");
          }}
        >
          {t("field.add")}
        </button>
      </div>
    </>
  );
}
