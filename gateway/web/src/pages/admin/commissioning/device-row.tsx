import type { CommissionedDevice, Implausible, SignOffOut } from "../../../api/types";
import { useTime } from "../../../format/time";
import { useValue } from "../../../format/value";
import { useWords } from "../../../i18n/text";
import { lacks } from "./steps";

interface Props {
  device: CommissionedDevice;
  chosen: boolean;
  onChoose: ((on: boolean) => void) | undefined;
}

export function DeviceRow({ device, chosen, onChoose }: Props) {
  const { t, say } = useWords();
  const time = useTime();
  const value = useValue();
  const name = say(device.name) || device.device;
  const first = device.first_good;
  return (
    <tr>
      {onChoose && (
        <td className="pick">
          <input
            type="checkbox"
            aria-label={t("commissioning.choose", { name: `${name} ${device.device}` })}
            checked={chosen}
            onChange={(event) => onChoose(event.target.checked)}
          />
        </td>
      )}
      <th scope="row">
        {device.assets.map((asset) => say(asset.name) || asset.id).join(", ") || name}
        <p className="faint">{[device.device, device.profile].join(" · ")}</p>
        {device.serial && (
          <p className="faint">{t("commissioning.serial", { serial: device.serial })}</p>
        )}
      </th>
      <td>
        {device.line}
        <p className="faint">{[device.edge, device.unit].filter(Boolean).join(" · ")}</p>
      </td>
      <td className={lacks(device, "seen") ? "abnormal" : ""}>
        <Seen device={device} />
      </td>
      <td className={first ? "" : "abnormal"}>
        {first?.time ? time.full(first.time) : t("commissioning.never")}
        {first && (
          <p className="faint">{`${say(first.name)}: ${value.of(first, first.value)}`}</p>
        )}
      </td>
      <td className={device.plausible === "no" ? "abnormal" : ""}>
        {t(`commissioning.plausible.${device.plausible}`)}
        {device.implausible.map((signal) => (
          <Fault key={signal.key} signal={signal} />
        ))}
      </td>
      <td>
        <SignedOff device={device} />
      </td>
    </tr>
  );
}

function Seen({ device }: { device: CommissionedDevice }) {
  const { t } = useWords();
  const { seen, online, edge_online } = device;
  const state = !edge_online
    ? "edgeGone"
    : !seen
      ? "notTold"
      : online === null
        ? "notHeard"
        : online
          ? "yes"
          : "lost";
  return (
    <>
      {t(`commissioning.seen.${state}`)}
      {device.reason && <p className="faint">{device.reason}</p>}
    </>
  );
}

/** A signal that cannot be believed, with what was wanted. */
function Fault({ signal }: { signal: Implausible }) {
  const { t, say } = useWords();
  const value = useValue();
  const wanted = { below: signal.minimum, above: signal.maximum }[signal.wrong as string] ?? null;
  const said = signal.value === null ? "" : ` ${value.of(signal, signal.value)},`;
  return (
    <p className="fault">
      {`${say(signal.name)}:${said} `}
      {t(`commissioning.wrong.${signal.wrong}`, { limit: value.of(signal, wanted) })}
    </p>
  );
}

function SignedOff({ device }: { device: CommissionedDevice }) {
  const { t } = useWords();
  const former = device.history.slice(device.signed ? 1 : 0);
  return (
    <>
      {device.signed ? <Entry entry={device.signed} /> : <span className="blank">—</span>}
      {device.changed.length > 0 && (
        <p className="fault">
          {t("commissioning.changed", {
            what: device.changed.map((what) => t(`commissioning.installed.${what}`)).join(", "),
          })}
        </p>
      )}
      {former.length > 0 && (
        <details>
          <summary>{t("commissioning.history", { count: former.length })}</summary>
          {former.map((entry) => (
            <Entry key={entry.at} entry={entry} />
          ))}
        </details>
      )}
    </>
  );
}

function Entry({ entry }: { entry: SignOffOut }) {
  const { t } = useWords();
  const time = useTime();
  return (
    <div className="entry">
      {t(entry.withdrawn ? "commissioning.withdrawnBy" : "commissioning.signedBy", {
        name: entry.by,
      })}
      <p className="faint">{time.full(entry.at)}</p>
      {entry.without_reading && (
        <p className="fault">{t("commissioning.signedWithoutReading")}</p>
      )}
      {entry.remark && <p className="faint">{entry.remark}</p>}
    </div>
  );
}
