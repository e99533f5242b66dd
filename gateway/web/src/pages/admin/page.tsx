import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Link } from "wouter";
import { getDevice, getDevices, getEdges, getOpenIncidents } from "../../api/calls";
import { keys } from "../../api/keys";
import type { DeviceOut, EdgeOut, IncidentOut } from "../../api/types";
import { presence } from "../../format/presence";
import { useTime } from "../../format/time";
import { useValue } from "../../format/value";
import { useWords } from "../../i18n/text";
import { useNow } from "../../live/react";
import { SignedIn, useMe } from "../../parts/signed-in";
import { Trouble, Waiting } from "../../parts/trouble";
import { EdgeIdentity } from "./edge-identity";
import { Frame } from "./frame";

const SHOWN = 200;
const EDGE_LOST = "edge_lost"; // condition of the incident that the gateway raises
const NO_INCIDENTS: IncidentOut[] = [];

export default function Admin() {
  return (
    <SignedIn>
      <Page />
    </SignedIn>
  );
}

function Page() {
  const { t } = useWords();
  return (
    <Frame>
      <h1>{t("admin.title")}</h1>
      <Edges />
      <Devices />
    </Frame>
  );
}

function Edges() {
  const { t } = useWords();
  const edges = useQuery({ queryKey: keys.edges, queryFn: getEdges });
  const incidents = useQuery({ queryKey: keys.incidents, queryFn: getOpenIncidents });
  return (
    <section>
      <h2>{t("admin.edges")}</h2>
      {edges.isPending && <Waiting />}
      <Trouble error={edges.error} retry={() => void edges.refetch()} />
      {edges.data?.length === 0 && <p className="quiet-state">{t("admin.noEdges")}</p>}
      {edges.data && edges.data.length > 0 && (
        <div className="table">
          <table>
            <thead>
              <tr>
                {(["edge", "state", "seen", "revision", "lost", "software", "identity"] as const).map(
                  (column) => (
                    <th key={column} scope="col">
                      {t(`admin.${column}`)}
                    </th>
                  ),
                )}
              </tr>
            </thead>
            <tbody>
              {edges.data.map((edge) => (
                <EdgeRow
                  key={edge.id}
                  edge={edge}
                  loss={lossOf(edge, incidents.data ?? NO_INCIDENTS)}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** The case of an edge that is gone. */
function lossOf(edge: EdgeOut, incidents: readonly IncidentOut[]): number | null {
  const loss = incidents.find(
    ({ device, condition, active }) => active && device === edge.id && condition === EDGE_LOST,
  );
  return loss?.case ?? null;
}

function EdgeRow({ edge, loss }: { edge: EdgeOut; loss: number | null }) {
  const { t, say } = useWords();
  const time = useTime();
  const now = useNow();
  const me = useMe();
  const behind = edge.revision_in_force !== edge.revision_offered;
  return (
    <tr>
      <th scope="row">
        {say(edge.name)} <span className="faint">{edge.id}</span>
      </th>
      <td className={edge.online ? "" : "abnormal"}>
        {t(edge.online ? "admin.online" : "admin.offline")}{" "}
        {loss !== null && (
          <Link href={`/control/case/${loss}`}>{t("card.case", { id: loss })}</Link>
        )}
      </td>
      <td>
        {edge.seen_at
          ? t("age.ago", { age: time.age((now - Date.parse(edge.seen_at)) / 1000) })
          : "—"}
      </td>
      <td className={behind ? "abnormal" : ""}>
        {behind
          ? t("admin.behind", {
              offered: edge.revision_offered,
              inForce: edge.revision_in_force ?? "—",
            })
          : t("admin.inForce", { revision: edge.revision_offered })}
        {edge.problem && <p>{edge.problem}</p>}
        {edge.refused > 0 && (
          <p className="abnormal">
            {t("admin.refused", { messages: edge.refused, reason: edge.refusal })}
          </p>
        )}
        {edge.parked > 0 && <p className="abnormal">{t("admin.parked", { blocks: edge.parked })}</p>}
      </td>
      <td className={edge.devices_lost ? "abnormal" : ""}>
        {edge.devices_lost}{" "}
        <span className="faint">{t("admin.ofDevices", { total: edge.devices })}</span>
      </td>
      <td>{edge.software || "—"}</td>
      <td>{me.role === "administrator" ? <EdgeIdentity edge={edge} /> : "—"}</td>
    </tr>
  );
}

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

function Devices() {
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
  const { t, say } = useWords();
  const time = useTime();
  const value = useValue();
  const now = useNow();
  const device = useQuery({
    queryKey: keys.device(id),
    queryFn: () => getDevice(id),
    refetchInterval: ANEW_MS,
  });
  if (device.error)
    return <Trouble error={device.error} retry={() => void device.refetch()} />;
  if (!device.data) return <Waiting />;
  const { last_good, diagnostics } = device.data;
  const told = diagnostics.filter((signal) => signal.value !== null);
  return (
    <dl>
      <div>
        <dt>{t("admin.lastGood")}</dt>
        <dd>
          {last_good
            ? t("age.ago", { age: time.age((now - Date.parse(last_good)) / 1000) })
            : t("admin.never")}
        </dd>
      </div>
      {told.map((signal) => (
        <div key={signal.key}>
          <dt>{say(signal.name)}</dt>
          <dd>{value.of(signal, signal.value)}</dd>
        </div>
      ))}
      {told.length === 0 && <p className="faint">{t("admin.noDiagnostics")}</p>}
    </dl>
  );
}
