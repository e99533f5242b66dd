import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useParams } from "wouter";
import { commissioningTable, getCommissioning } from "../../../api/calls";
import { keys } from "../../../api/keys";
import type { Commissioning } from "../../../api/types";
import { useTime } from "../../../format/time";
import { useWords } from "../../../i18n/text";
import { SignedIn, useMe } from "../../../parts/signed-in";
import { Trouble, Waiting } from "../../../parts/trouble";
import { Frame } from "../frame";
import { ChoosePlace } from "./choose-place";
import "./commissioning.css";
import { DeviceRow } from "./device-row";
import { Signing } from "./signing";
import { lacks, STEPS, type Step } from "./steps";

const ANEW_MS = 10_000;
const COLUMNS = ["device", "line", "seen", "good", "plausible", "signed"] as const;

export default function CommissioningPage() {
  const { t } = useWords();
  const { place } = useParams<{ place?: string }>();
  return (
    <SignedIn>
      <Frame>
        <div className="commissioning">
          <h1>{t("commissioning.title")}</h1>
          {place ? <List key={place} place={place} /> : <ChoosePlace lead={t("commissioning.lead")} base="/admin/commissioning" />}
        </div>
      </Frame>
    </SignedIn>
  );
}

function List({ place }: { place: string }) {
  const { t } = useWords();
  const list = useQuery({
    queryKey: keys.commissioning(place),
    queryFn: () => getCommissioning(place),
    refetchInterval: ANEW_MS,
  });
  if (!list.data) {
    return list.error ? (
      <Trouble error={list.error} retry={() => void list.refetch()} />
    ) : (
      <Waiting />
    );
  }
  if (list.data.devices.length === 0) {
    return <p className="quiet-state">{t("commissioning.empty")}</p>;
  }
  return <Devices list={list.data} />;
}

function Devices({ list }: { list: Commissioning }) {
  const { t, say, language } = useWords();
  const time = useTime();
  const me = useMe();
  const [missing, setMissing] = useState<Step | "">("");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const shown = list.devices.filter((device) => !missing || lacks(device, missing));
  const picked = shown.filter(({ device }) => chosen.has(device));
  const done = list.devices.filter((device) => !lacks(device, "signed")).length;
  const canSign = me.role === "administrator";
  const choose = (devices: readonly string[], on: boolean) => {
    const next = new Set(chosen);
    for (const device of devices) {
      if (on) next.add(device);
      else next.delete(device);
    }
    setChosen(next);
  };
  return (
    <section>
      <h2>{say(list.address) || list.place}</h2>
      <div className="progress">
        <p role="status">{t("commissioning.progress", { done, total: list.devices.length })}</p>
        <progress
          value={done}
          max={list.devices.length}
          aria-label={t("commissioning.title")}
        />
        <p className="faint">{time.full(list.at)}</p>
      </div>
      <div className="tools">
        <select
          className="input"
          aria-label={t("commissioning.missing")}
          value={missing}
          onChange={(event) => setMissing(event.target.value as Step | "")}
        >
          <option value="">{t("commissioning.all")}</option>
          {STEPS.map((step) => (
            <option key={step} value={step}>
              {t(`commissioning.lacks.${step}`, {
                count: list.devices.filter((device) => lacks(device, step)).length,
              })}
            </option>
          ))}
        </select>
        {canSign && (
          <Signing
            list={list}
            picked={picked}
            onDone={() => setChosen(new Set())}
          />
        )}
        <span className="spring" />
        <button type="button" className="button" onClick={() => print()}>
          {t("commissioning.print")}
        </button>
        <a className="button" href={commissioningTable(list.place, language)} download>
          {t("commissioning.download")}
        </a>
      </div>
      {shown.length === 0 && <p className="quiet-state">{t("commissioning.nothingMissing")}</p>}
      {shown.length > 0 && (
        <div className="table">
          <table>
            <thead>
              <tr>
                {canSign && (
                  <td className="pick">
                    <input
                      type="checkbox"
                      aria-label={t("commissioning.chooseAll")}
                      checked={picked.length === shown.length}
                      onChange={(event) =>
                        choose(
                          shown.map(({ device }) => device),
                          event.target.checked,
                        )
                      }
                    />
                  </td>
                )}
                {COLUMNS.map((column) => (
                  <th key={column} scope="col">
                    {t(`commissioning.column.${column}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {shown.map((device) => (
                <DeviceRow
                  key={device.device}
                  device={device}
                  chosen={chosen.has(device.device)}
                  onChoose={canSign ? (on) => choose([device.device], on) : undefined}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <div className="signatures" aria-hidden="true">
        {(["fitter", "operator", "owner"] as const).map((who) => (
          <p key={who}>{t(`commissioning.signature.${who}`)}</p>
        ))}
      </div>
    </section>
  );
}
