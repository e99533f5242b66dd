import type { SignalOut } from "../../../api/types";
import { CONTROL, type Told } from "../../../format/program";
import { useTime } from "../../../format/time";
import { useValue } from "../../../format/value";
import { useWords } from "../../../i18n/text";
import { useReading } from "../../../live/react";

/** One line on the programme of a signal: what it wants, until when, or which command holds. */
export function ProgramLine({ device, told }: { device: string; told: Told }) {
  const { t } = useWords();
  const time = useTime();
  const value = useValue();
  const wanted = useLatest(device, told.wanted);
  const control = useLatest(device, told.control);
  const until = useLatest(device, told.changes_at);
  const obeyed = useLatest(device, told.obeyed);
  if (control === null) return null;
  if (control === CONTROL.noClock) return <p className="program">{t("card.noClock")}</p>;
  if (control === CONTROL.local) return <p className="program">{t("card.localMode")}</p>;
  const who = t(control === CONTROL.command ? "card.byCommand" : "card.byProgram");
  const what = value.of(told.wanted, wanted);
  const end = until ? new Date(until * 1000).toISOString() : null;
  return (
    <p className="program">
      {end ? t("card.until", { who, what, time: time.moment(end) }) : `${who}: ${what}`}
      {obeyed === 0 && <strong>{t("card.notObeyed")}</strong>}
    </p>
  );
}

function useLatest(device: string, signal: SignalOut): number | null {
  const live = useReading(device, signal.key);
  return (live ? live.value : signal.value) ?? null;
}
