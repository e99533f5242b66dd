import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { getEdgeHealth, getEdges, getHealthSeries, getOpenIncidents } from "../../api/calls";
import { keys } from "../../api/keys";
import type { EdgeOut, IncidentOut } from "../../api/types";
import { useTime } from "../../format/time";
import { useWords } from "../../i18n/text";
import { useNow } from "../../live/react";
import { useMe } from "../../parts/signed-in";
import { Trouble, Waiting } from "../../parts/trouble";
import { EdgeIdentity } from "./edge-identity";
import { Figures } from "./figures";

const EDGE_LOST = "edge_lost"; // condition of the incident that the gateway raises
const NO_INCIDENTS: IncidentOut[] = [];
const ANEW_MS = 10_000;
const COLUMNS = ["edge", "state", "seen", "revision", "lost", "software", "identity"] as const;

/** Every edge, what it runs, and on request what it tells of itself. */
export function Edges() {
  const { t } = useWords();
  const [opened, setOpened] = useState<string | null>(null);
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
                {COLUMNS.map((column) => (
                  <th key={column} scope="col">
                    {t(`admin.${column}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {edges.data.map((edge) => (
                <EdgeRow
                  key={edge.id}
                  edge={edge}
                  loss={lossOf(edge, incidents.data ?? NO_INCIDENTS)}
                  opened={opened === edge.id}
                  onOpen={() => setOpened(opened === edge.id ? null : edge.id)}
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

interface RowProps {
  edge: EdgeOut;
  loss: number | null;
  opened: boolean;
  onOpen: () => void;
}

function EdgeRow({ edge, loss, opened, onOpen }: RowProps) {
  const { t, say } = useWords();
  const time = useTime();
  const now = useNow();
  const me = useMe();
  const behind = edge.revision_in_force !== edge.revision_offered;
  return (
    <>
      <tr>
      <th scope="row">
        <button type="button" className="link" aria-expanded={opened} onClick={onOpen}>
          {say(edge.name) || edge.id}
        </button>{" "}
        <span className="faint">{edge.id}</span>
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
      {opened && (
        <tr className="diagnostics">
          <td colSpan={COLUMNS.length}>
            <Health edge={edge.id} />
          </td>
        </tr>
      )}
    </>
  );
}

/** What an edge tells of itself. */
function Health({ edge }: { edge: string }) {
  const { t } = useWords();
  const health = useQuery({
    queryKey: keys.health(edge),
    queryFn: () => getEdgeHealth(edge),
    refetchInterval: ANEW_MS,
  });
  if (health.error) return <Trouble error={health.error} retry={() => void health.refetch()} />;
  if (!health.data) return <Waiting />;
  if (!health.data.some((signal) => signal.value !== null))
    return <p className="faint">{t("admin.noHealth")}</p>;
  return (
    <Figures
      device={edge}
      signals={health.data}
      load={(key, start, end) => getHealthSeries(edge, key, start, end)}
    />
  );
}
