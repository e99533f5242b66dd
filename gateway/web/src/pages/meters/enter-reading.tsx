import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { enterReading, getReadings } from "../../api/calls";
import { keys } from "../../api/keys";
import { ApiError } from "../../api/problem";
import type { MeterOut } from "../../api/types";
import { unitIn, useValue } from "../../format/value";
import { useWords } from "../../i18n/text";
import { FieldError, useTrouble } from "../../parts/trouble";

const UNUSUAL = "reading_unusual";

/** What the meter shows, and a form for what a person reads on it. */
export function EnterReading({ meter }: { meter: MeterOut }) {
  const { t, language } = useWords();
  const value = useValue();
  const words = useTrouble();
  const cache = useQueryClient();
  const id = useId();
  const [typed, setTyped] = useState("");
  const [zone, setZone] = useState(meter.zones[0] ?? "");
  const readings = useQuery({
    queryKey: keys.readings(meter.asset),
    queryFn: () => getReadings(meter.asset),
  });
  const send = useMutation({
    mutationFn: (confirmed: boolean) =>
      enterReading(meter.asset, { value: Number(typed.replace(",", ".")), zone, confirmed }),
    onSuccess: () => {
      setTyped("");
      void cache.invalidateQueries({ queryKey: ["meter", meter.asset] });
    },
  });
  const isUnusual =
    send.error instanceof ApiError && send.error.problem?.type.endsWith(UNUSUAL) === true;
  const unit = readings.data?.shown[0]?.unit ?? meter.unit;
  return (
    <form
      className="enter"
      onSubmit={(event) => {
        event.preventDefault();
        send.mutate(isUnusual);
      }}
    >
      {readings.data?.shown.map((each) => (
        <p key={each.zone}>
          {`${each.zone} ${t("meters.shown", { value: value.withUnit(each.value, each.unit) })}`}
        </p>
      ))}
      <label className="label" htmlFor={id}>
        {t("meters.enter", { unit: unitIn(unit, language) })}
      </label>
      <div className="row">
        {meter.zones.length > 1 && (
          <select
            className="input"
            aria-label={t("meters.zone")}
            value={zone}
            onChange={(event) => setZone(event.target.value as typeof zone)}
          >
            {meter.zones.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        )}
        <input
          id={id}
          className="input"
          inputMode="decimal"
          autoComplete="off"
          required
          pattern="[0-9]+([.,][0-9]+)?"
          value={typed}
          aria-describedby={`${id}-wrong`}
          onChange={(event) => {
            setTyped(event.target.value);
            send.reset();
          }}
        />
        <button type="submit" className="button solid" disabled={send.isPending}>
          {t(isUnusual ? "meters.confirm" : "meters.send")}
        </button>
      </div>
      <FieldError id={`${id}-wrong`} words={words(send.error)} />
      {send.isSuccess && <p role="status">{t("meters.sent")}</p>}
    </form>
  );
}
