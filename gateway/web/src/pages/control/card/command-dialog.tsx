import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { confirmCommand, getCommand, prepareCommand } from "../../../api/calls";
import { keys } from "../../../api/keys";
import type { CommandOut, DeviceOut, SignalOut } from "../../../api/types";
import { useTime } from "../../../format/time";
import { useValue } from "../../../format/value";
import { useWords } from "../../../i18n/text";
import { useNow, useReading } from "../../../live/react";
import { Dialog } from "../../../parts/dialog";
import { Icon } from "../../../parts/icon";
import { FieldError, Trouble } from "../../../parts/trouble";

/** The live stream tells the result; asking again is for the moment in which it is down. */
const ASK_AGAIN_MS = 1500;
const UNDER_WAY = new Set<CommandOut["state"]>(["requested", "sent"]);

interface Props {
  device: DeviceOut;
  signal: SignalOut;
  caseId: number | null;
  onClose: () => void;
}

/** Choose a value, see what it means, confirm, watch the device obey. */
export function CommandDialog({ device, signal, caseId, onClose }: Props) {
  const { t, say } = useWords();
  const cache = useQueryClient();
  const prepare = useMutation({
    mutationFn: (value: number) =>
      prepareCommand({ device: device.id, signal: signal.key, value, case: caseId }),
    onSuccess: (command) => cache.setQueryData(keys.command(command.id), command),
  });
  return (
    <Dialog title={`${t("command.title")} · ${say(device.name)}`} onClose={onClose}>
      <p className="command-signal">{say(signal.name) || signal.key}</p>
      {prepare.data ? (
        <Prepared
          id={prepare.data.id}
          signal={signal}
          onAgain={() => prepare.reset()}
          onClose={onClose}
        />
      ) : (
        <Choose
          device={device}
          signal={signal}
          busy={prepare.isPending}
          error={prepare.error}
          onPrepare={(value) => prepare.mutate(value)}
        />
      )}
    </Dialog>
  );
}

interface ChooseProps {
  device: DeviceOut;
  signal: SignalOut;
  busy: boolean;
  error: unknown;
  onPrepare: (value: number) => void;
}

function Choose({ device, signal, busy, error, onPrepare }: ChooseProps) {
  const { t, say } = useWords();
  const value = useValue();
  const id = useId();
  const live = useReading(device.id, signal.key);
  const [typed, setTyped] = useState("");
  const [wrong, setWrong] = useState<string | null>(null);
  const isByHand = (code: string) => signal.by_hand.includes(Number(code));
  const states = Object.entries(signal.states).filter(([code]) => !isByHand(code));
  const byHand = Object.entries(signal.states).filter(([code]) => isByHand(code));
  const { minimum, maximum } = signal;
  const range =
    minimum !== null && maximum !== null
      ? t("command.range", { low: value.number(minimum), high: value.number(maximum) })
      : null;
  function complaint(number: number): string | null {
    if (!typed.trim() || Number.isNaN(number))
      return t(states.length ? "command.needChoice" : "command.needValue");
    const outside = number < (minimum ?? -Infinity) || number > (maximum ?? Infinity);
    return outside && range ? t("command.outside", { range }) : null;
  }
  return (
    <form
      className="command-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        const number = Number(typed.replace(",", "."));
        const wrongNow = complaint(number);
        setWrong(wrongNow);
        if (!wrongNow) onPrepare(number);
      }}
    >
      <p className="faint">{`${t("command.now")}: ${value.of(signal, live ? live.value : signal.value)}`}</p>
      {states.length > 0 ? (
        <fieldset>
          <legend className="label">{t("command.value")}</legend>
          <div className="choices">
            {states.map(([code, name]) => (
              <label key={code} className="button">
                <input
                  type="radio"
                  className="hidden"
                  name={id}
                  value={code}
                  checked={typed === code}
                  onChange={() => setTyped(code)}
                />
                {say(name)}
              </label>
            ))}
          </div>
          {byHand.map(([code, name]) => (
            <p key={code} className="faint">
              {t("command.byHand", { state: say(name) })}
            </p>
          ))}
        </fieldset>
      ) : (
        <div>
          <label className="label" htmlFor={id}>
            {[t("command.value"), value.unit(signal.unit)].filter(Boolean).join(", ")}
          </label>
          <input
            id={id}
            className="input"
            inputMode="decimal"
            autoComplete="off"
            value={typed}
            aria-invalid={wrong !== null}
            aria-describedby={`${id}-error`}
            onChange={(event) => setTyped(event.target.value)}
          />
          {range && <p className="faint">{range}</p>}
        </div>
      )}
      <FieldError id={`${id}-error`} words={wrong} />
      <Trouble error={error} />
      <div className="actions">
        <button type="submit" className="button solid" disabled={busy}>
          {t("command.prepare")}
        </button>
      </div>
    </form>
  );
}

function Prepared({
  id,
  signal,
  onAgain,
  onClose,
}: {
  id: string;
  signal: SignalOut;
  onAgain: () => void;
  onClose: () => void;
}) {
  const { t, say } = useWords();
  const value = useValue();
  const time = useTime();
  const now = useNow();
  const cache = useQueryClient();
  const { data: command, error } = useQuery({
    queryKey: keys.command(id),
    queryFn: () => getCommand(id),
    refetchInterval: (query) =>
      query.state.data && UNDER_WAY.has(query.state.data.state) ? ASK_AGAIN_MS : false,
  });
  const confirm = useMutation({
    mutationFn: () => confirmCommand(id),
    // The result may have come over the stream before this answer: it is not overwritten.
    onSuccess: (answer) =>
      cache.setQueryData(keys.command(id), (before?: CommandOut) =>
        before && !["prepared", "requested"].includes(before.state) ? before : answer,
      ),
  });
  if (!command) return <Trouble error={error} />;
  const left = (Date.parse(command.expires_at) - now) / 1000;
  const prepared = command.state === "prepared";
  return (
    <div className="command-form">
      <p className="now-then">
        <span>
          <span className="label">{t("command.now")}</span>
          {value.of(signal, command.value_now)}
        </span>
        <Icon name="right" />
        <span>
          <span className="label">{t("command.then")}</span>
          <strong>{value.of(signal, command.value)}</strong>
        </span>
      </p>
      {prepared && (
        <div>
          <h3 className="label">{t("command.warnings")}</h3>
          <ul className="warnings">
            {command.warnings.map((warning) => (
              <li key={say(warning)}>
                <Icon name="warning" />
                {say(warning)}
              </li>
            ))}
          </ul>
          {!command.warnings.length && <p className="faint">{t("command.noWarnings")}</p>}
        </div>
      )}
      <p className={`result ${command.state}`} role="status">
        {t(`command.state.${command.state}`)}
        {command.result_text && <span>{command.result_text}</span>}
        {command.result_value !== null && (
          <span>{`${t("command.readBack")}: ${value.of(signal, command.result_value)}`}</span>
        )}
      </p>
      <Trouble error={confirm.error ?? error} />
      <div className="actions">
        {prepared && (
          <p className="faint">
            {left > 0 ? t("command.expires", { age: time.age(left) }) : t("command.expiredBefore")}
          </p>
        )}
        {prepared && left > 0 ? (
          <button
            type="button"
            className="button solid"
            disabled={confirm.isPending}
            onClick={() => confirm.mutate()}
          >
            {t("command.confirm")}
          </button>
        ) : (
          <button type="button" className="button" onClick={onAgain}>
            {t("command.again")}
          </button>
        )}
        <button type="button" className="button" onClick={onClose}>
          {t(prepared ? "common.cancel" : "common.close")}
        </button>
      </div>
    </div>
  );
}
