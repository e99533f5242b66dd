import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { getDevice, getDevices } from "../../api/calls";
import { keys } from "../../api/keys";
import type { DeviceOut } from "../../api/types";
import { presence } from "../../format/presence";
import { useTime } from "../../format/time";
import { useWords } from "../../i18n/text";
import { useDevices, useNow } from "../../live/react";
import { Trouble, Waiting } from "../../parts/trouble";
import { Figures } from "./figures";

const SHOWN = 200;

/** True when every typed word is in the device's name, id, profile, family or place. */
function matches(device: DeviceOut, typed: string): boolean {
  const own = [
    ...Object.values(device.name),
    device.id,
    device.profile,
    device.family,
    device.place,
  ]
    .join(" ")
    .toLocaleLowerCase();
  return typed
    .toLocaleLowerCase()
    .split(/\s+/)
    .every((word) => own.includes(word));
}

/** Every device, and on request what its edge knows of the link to it. */
export function Devices() {
  const { t } = useWords();
  const devices = useQuery({ queryKey: keys.devices, queryFn: () => getDevices() });
  const [typed, setTyped] = useState("");
  const [onlyLost, setOnlyLost] = useState(false);
  const [opened, setOpened] = useState<string | null>(null);
  const found = useMemo(
    () =>
      (devices.data ?? []).filter(
        (device) => matches(device, typed) && (!onlyLost || device.online === false),
      ),
    [devices.data, typed, onlyLost],
  );
  return (
    <section>
      <h2>{t("admin.devices")}</h2>
      <div className="tools">
        <input
          type="search"
          className="input"
          aria-label={t("admin.search")}
          placeholder={t("admin.search")}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <button
          type="button"
          className="button"
          aria-pressed={onlyLost}
          onClick={() => setOnlyLost(!onlyLost)}
        >
          {t("admin.onlyLost")}
        </button>
        <p className="faint" role="status">
          {t("admin.shown", { count: found.length })}
        </p>
      </div>
      {devices.isPending && <Waiting />}
      <Trouble error={devices.error} retry={() => void devices.refetch()} />
      <div className="table">
        <table>
          <thead>
            <tr>
              {(["device", "state", "profile", "edge"] as const).map((column) => (
                <th key={column} scope="col">
                  {t(`admin.${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {found.slice(0, SHOWN).map((device) => (
              <DeviceRow
                key={device.id}
                device={device}
                opened={opened === device.id}
                onOpen={() => setOpened(opened === device.id ? null : device.id)}
              />
            ))}
          </tbody>
        </table>
      </div>
      {found.length > SHOWN && <p className="faint">{`+${found.length - SHOWN}`}</p>}
    </section>
  );
}

interface RowProps {
  device: DeviceOut;
  opened: boolean;
  onOpen: () => void;
}

function DeviceRow({ device, opened, onOpen }: RowProps) {
  const { t, say } = useWords();
  return (
    <>
      <tr>
        <th scope="row">
          <button type="button" className="link" aria-expanded={opened} onClick={onOpen}>
            {say(device.name) || device.id}
          </button>{" "}
          <span className="faint">{device.id}</span>
        </th>
        <td className={device.online === false || !device.edge_online ? "abnormal" : ""}>
          {t(`card.${presence(device)}`)}
          {device.reason && <span className="faint">{` ${device.reason}`}</span>}
        </td>
        <td>{device.profile}</td>
        <td>{device.edge}</td>
      </tr>
      {opened && (
        <tr className="diagnostics">
          <td colSpan={4}>
            <Diagnostics id={device.id} />
          </td>
        </tr>
      )}
    </>
  );
}

const ANEW_MS = 10_000;

/** What the edge knows of its link to a device. */
function Diagnostics({ id }: { id: string }) {
  const { t } = useWords();
  const time = useTime();
  const now = useNow();
  useDevices([id]);
  const device = useQuery({
    queryKey: keys.device(id),
    queryFn: () => getDevice(id),
    refetchInterval: ANEW_MS,
  });
  if (device.error)
    return <Trouble error={device.error} retry={() => void device.refetch()} />;
  if (!device.data) return <Waiting />;
  const { last_good, diagnostics, replaces } = device.data;
  return (
    <>
      <p>
        {t("admin.lastGood")}:{" "}
        {last_good
          ? t("age.ago", { age: time.age((now - Date.parse(last_good)) / 1000) })
          : t("admin.never")}
      </p>
      {replaces && (
        <p className="faint">
          {t("admin.replaces", {
            device: replaces.former,
            time: time.moment(replaces.at, now),
            by: replaces.by,
          })}
        </p>
      )}
      {diagnostics.some((signal) => signal.value !== null) ? (
        <Figures device={id} signals={diagnostics} />
      ) : (
        <p className="faint">{t("admin.noDiagnostics")}</p>
      )}
    </>
  );
}
