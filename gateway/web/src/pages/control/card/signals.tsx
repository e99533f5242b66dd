import { useState } from "react";
import type { DeviceOut, IncidentOut, SignalOut } from "../../../api/types";
import { presence } from "../../../format/presence";
import { ownSignals, toldOf } from "../../../format/program";
import { useTime } from "../../../format/time";
import { useValue } from "../../../format/value";
import { useWords } from "../../../i18n/text";
import { useDevices, useReading } from "../../../live/react";
import { isBad, isGood } from "../../../live/values";
import { Chart, type Window } from "../../../parts/chart";
import { WindowSwitch } from "../../../parts/window-switch";
import { CommandDialog } from "./command-dialog";
import { ProgramLine } from "./program-line";
import { Section } from "./section";

interface Chosen {
  device: DeviceOut;
  signal: SignalOut;
}

/** Prefer what moves: a gauge before a counter before a state. */
const LIKELY = ["gauge", "state", "counter"];

function firstChoice(devices: readonly DeviceOut[], preferred: string | undefined): Chosen | null {
  const device =
    devices.find((each) => each.id === preferred && each.signals.length) ??
    devices.find((each) => each.signals.length);
  const signal = device && ownSignals(device.signals).toSorted(
    (a, b) => LIKELY.indexOf(a.kind) - LIKELY.indexOf(b.kind),
  )[0];
  return device && signal ? { device, signal } : null;
}

/** Live values of an asset's devices, the chart of one of them, and commands. */
export function Signals({
  devices,
  incidents,
  caseId,
}: {
  devices: readonly DeviceOut[];
  incidents: readonly IncidentOut[];
  caseId: number | null;
}) {
  const { t, say } = useWords();
  const [picked, setPicked] = useState<{ device: string; signal: string } | null>(null);
  const [span, setSpan] = useState<Window>("window15");
  const [commanding, setCommanding] = useState<Chosen | null>(null);
  useDevices(devices.map((device) => device.id));
  const device = devices.find((each) => each.id === picked?.device);
  const signal = device?.signals.find((each) => each.key === picked?.signal);
  const shown = device && signal ? { device, signal } : firstChoice(devices, incidents[0]?.device);
  return (
    <>
      {shown && (
        <Section
          title={`${t("card.chart")} · ${say(shown.signal.name) || shown.signal.key}`}
          aside={
            <WindowSwitch span={span} choose={setSpan} />
          }
        >
          <Chart
            key={`${shown.device.id}/${shown.signal.key}/${span}`}
            device={shown.device.id}
            signal={shown.signal}
            span={span}
            incidents={incidents.filter((incident) => incident.device === shown.device.id)}
          />
        </Section>
      )}
      <Section title={t("card.signals")}>
        {devices.map((each) => (
          <div key={each.id} className="device">
            <DeviceHead device={each} />
            <ul className="signals">
              {ownSignals(each.signals).map((own) => (
                <SignalLine
                  key={own.key}
                  device={each}
                  signal={own}
                  chosen={shown?.device.id === each.id && shown.signal.key === own.key}
                  onPick={() => setPicked({ device: each.id, signal: own.key })}
                  onCommand={() => setCommanding({ device: each, signal: own })}
                />
              ))}
            </ul>
            {!each.signals.length && <p className="faint">{t("card.noSignals")}</p>}
          </div>
        ))}
      </Section>
      {commanding && (
        <CommandDialog
          device={commanding.device}
          signal={commanding.signal}
          caseId={caseId}
          onClose={() => setCommanding(null)}
        />
      )}
    </>
  );
}

function DeviceHead({ device }: { device: DeviceOut }) {
  const { t, say } = useWords();
  return (
    <h4 className={device.online === false || !device.edge_online ? "lost" : ""}>
      {say(device.name) || device.id}
      <span>{[t(`card.${presence(device)}`), device.reason].filter(Boolean).join(": ")}</span>
    </h4>
  );
}

interface LineProps extends Chosen {
  chosen: boolean;
  onPick: () => void;
  onCommand: () => void;
}

function SignalLine({ device, signal, chosen, onPick, onCommand }: LineProps) {
  const { t, say } = useWords();
  const time = useTime();
  const value = useValue();
  const live = useReading(device.id, signal.key);
  const quality = live?.quality ?? signal.quality ?? 0;
  const at = live?.time ?? signal.time;
  const told = toldOf(signal.key, device.signals);
  const trust = isBad(quality) ? "bad" : isGood(quality) ? null : "uncertain";
  return (
    <li className={chosen ? "chosen" : ""}>
      <button type="button" className="pick" aria-pressed={chosen} onClick={onPick}>
        <span className="name">{say(signal.name) || signal.key}</span>
        {trust && <span className="tag">{t(`card.${trust}`)}</span>}
        <span className={`value ${trust ?? ""}`}>
          {value.of(signal, live ? live.value : signal.value)}
        </span>
        <span className="when">{at ? time.clock(at) : ""}</span>
      </button>
      {signal.writable && (
        <button type="button" className="button" onClick={onCommand}>
          {t("command.set")}
          <span className="hidden">{say(signal.name) || signal.key}</span>
        </button>
      )}
      {told && <ProgramLine device={device.id} told={told} />}
    </li>
  );
}
