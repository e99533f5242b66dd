import { useRef, useState, type PointerEvent } from "react";
import { useWords } from "../../i18n/text";

interface Props {
  label: string;
  busy: boolean;
  onSigned: (name: string, strokes: number[][]) => void;
}

/** A name, and a field to sign in with a finger. Strokes are shares of its width and height. */
export function Signature({ label, busy, onSigned }: Props) {
  const { t } = useWords();
  const [name, setName] = useState("");
  const [strokes, setStrokes] = useState<number[][]>([]);
  const drawing = useRef(false);
  const point = (event: PointerEvent<SVGSVGElement>): [number, number] => {
    const box = event.currentTarget.getBoundingClientRect();
    return [share(event.clientX - box.left, box.width), share(event.clientY - box.top, box.height)];
  };
  return (
    <div className="signature">
      <input
        className="input"
        maxLength={200}
        aria-label={`${label}: ${t("field.signer")}`}
        placeholder={t("field.signer")}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <svg
        viewBox="0 0 300 100"
        role="img"
        aria-label={`${label}: ${t("field.sign")}`}
        onPointerDown={(event) => {
          drawing.current = true;
          event.currentTarget.setPointerCapture(event.pointerId);
          setStrokes([...strokes, point(event)]);
        }}
        onPointerMove={(event) => {
          if (!drawing.current) return;
          const next = point(event);
          setStrokes((all) => [...all.slice(0, -1), [...(all.at(-1) ?? []), ...next]]);
        }}
        onPointerUp={() => (drawing.current = false)}
      >
        <Strokes strokes={strokes} />
      </svg>
      <div className="buttons">
        <button type="button" className="button" onClick={() => setStrokes([])}>
          {t("field.signAgain")}
        </button>
        <button
          type="button"
          className="button solid"
          disabled={busy || !name.trim() || !strokes.length}
          onClick={() => onSigned(name.trim(), strokes)}
        >
          {t("field.store")}
        </button>
      </div>
    </div>
  );
}

/** The lines of a signature, in a box of 300 × 100. */
export function Strokes({ strokes }: { strokes: readonly (readonly number[])[] }) {
  return (
    <>
      {strokes.map((stroke, at) => (
        <polyline key={at} points={points(stroke)} />
      ))}
    </>
  );
}

const share = (part: number, whole: number) =>
  Math.round(Math.min(1, Math.max(0, part / whole)) * 10_000) / 10_000;

const points = (stroke: readonly number[]) =>
  stroke.map((value, at) => (at % 2 ? value * 100 : value * 300).toFixed(1)).join(" ");
