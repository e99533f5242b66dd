import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { enterReading, getReadings } from "../../api/calls";
import { keys } from "../../api/keys";
import { ApiError } from "../../api/problem";
import { addDial } from "../../api/sent-readings";
import type { MeterOut } from "../../api/types";
import { unitIn } from "../../format/value";
import { useWords } from "../../i18n/text";
import { Icon } from "../../parts/icon";
import { FieldError, useTrouble } from "../../parts/trouble";
import { offDial, onDial } from "./dial";

const UNUSUAL = "reading_unusual";

/** What the meter shows, and a form for what a person reads on it. */
export function EnterReading({ meter }: { meter: MeterOut }) {
  const { t, language } = useWords();
  const words = useTrouble();
  const cache = useQueryClient();
  const id = useId();
  const [typed, setTyped] = useState("");
  const [isNonsense, setIsNonsense] = useState(false);
  const [dial, setDial] = useState<File | null>(null);
  const [zone, setZone] = useState(meter.zones[0] ?? "");
  const readings = useQuery({
    queryKey: keys.readings(meter.asset),
    queryFn: () => getReadings(meter.asset),
  });
  const send = useMutation({
    mutationFn: async ({ value, confirmed }: { value: number; confirmed: boolean }) => {
      const { by_people } = await enterReading(meter.asset, { value, zone, confirmed });
      // One may be of a little later, by another's clock: the one just sent has the last number.
      if (dial) await addDial(meter.asset, Math.max(...by_people.map(({ id }) => id)), dial);
    },
    onSuccess: () => {
      setTyped("");
      setDial(null);
      void cache.invalidateQueries({ queryKey: ["meter", meter.asset] });
    },
  });
  const isUnusual =
    send.error instanceof ApiError && send.error.problem?.type.endsWith(UNUSUAL) === true;
  const wrong = isNonsense ? t("meters.nonsense") : words(send.error);
  const unit = readings.data?.shown[0]?.unit ?? meter.unit;
  return (
    <form
      className="enter"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        const value = offDial(typed);
        setIsNonsense(value === null);
        if (value !== null) send.mutate({ value, confirmed: isUnusual });
      }}
    >
      {readings.data?.shown.map((each) => (
        <p key={each.zone}>
          {`${each.zone} ${t("meters.shown", { value: `${onDial(each.value, language)} ${unitIn(each.unit, language)}` })}`}
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
          value={typed}
          aria-invalid={wrong !== null}
          aria-describedby={`${id}-wrong`}
          onChange={(event) => {
            setTyped(event.target.value);
            setIsNonsense(false);
            send.reset();
          }}
        />
        <label className="button">
          <Icon name="camera" />
          {dial ? dial.name : t("meters.addDial")}
          <input
            className="hidden"
            type="file"
            accept="image/jpeg,image/png,image/webp"
            capture="environment"
            key={dial?.name}
            onChange={(event) => setDial(event.target.files?.[0] ?? null)}
          />
        </label>
        <button type="submit" className="button solid" disabled={send.isPending}>
          {t(isUnusual ? "meters.confirm" : "meters.send")}
        </button>
      </div>
      <FieldError id={`${id}-wrong`} words={wrong} />
      <p role="status" className={send.isSuccess ? undefined : "hidden"}>
        {send.isSuccess && t("meters.sent")}
      </p>
    </form>
  );
}
