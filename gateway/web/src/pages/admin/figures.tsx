import { useState, type ComponentProps } from "react";
import type { SignalOut } from "../../api/types";
import { useValue } from "../../format/value";
import { useWords } from "../../i18n/text";
import { Chart, type Window } from "../../parts/chart";
import { WindowSwitch } from "../../parts/window-switch";

interface Props {
  device: string;
  signals: readonly SignalOut[];
  load?: ComponentProps<typeof Chart>["load"];
}

/** Signals side by side, each with its value now and its course. */
export function Figures({ device, signals, load }: Props) {
  const { say } = useWords();
  const value = useValue();
  const [span, setSpan] = useState<Window>("window24");
  return (
    <div className="figures">
      <WindowSwitch span={span} choose={setSpan} />
      {signals
        .filter((signal) => signal.value !== null)
        .map((signal) => (
          <figure key={signal.key}>
            <figcaption>
              {say(signal.name) || signal.key}
              <strong>{value.of(signal, signal.value)}</strong>
            </figcaption>
            <Chart
              key={span}
              device={device}
              signal={signal}
              span={span}
              incidents={[]}
              {...(load && { load })}
            />
          </figure>
        ))}
    </div>
  );
}
