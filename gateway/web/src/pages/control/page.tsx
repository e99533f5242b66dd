import { useQuery } from "@tanstack/react-query";
import { Suspense, useCallback, useMemo, useRef, useState } from "react";
import { useLocation, useRoute } from "wouter";
import { getMap, getOpenIncidents } from "../../api/calls";
import { keys } from "../../api/keys";
import type { IncidentOut } from "../../api/types";
import { remember, remembered } from "../../format/remembered";
import { useWords } from "../../i18n/text";
import { lazyMap } from "../../map/lazy-map";
import { SignedIn } from "../../parts/signed-in";
import { Trouble, Waiting } from "../../parts/trouble";
import { AssetCard } from "./card/asset-card";
import { CaseCard } from "./card/case-card";
import { useAcknowledge } from "./card/incidents";
import { Flood } from "./flood";
import { Help } from "./help";
import { useKeys, type Act } from "./keys";
import { Stale } from "./stale";
import { Strip } from "./strip";
import { TapePane } from "./tape-pane";
import { useSound } from "./use-sound";
import { useWorklist } from "./use-worklist";
import { newestRaises } from "./worklist/order";
import { Worklist } from "./worklist/worklist";
import "./control.css";

const TownMap = lazyMap(() => import("./map/town-map"));
const NO_INCIDENTS: IncidentOut[] = [];

export default function Control() {
  return (
    <SignedIn>
      <Desk />
    </SignedIn>
  );
}

/** What is chosen, as the URL says it. */
function useChoice() {
  const [, go] = useLocation();
  const [isCase, caseParams] = useRoute("/control/case/:id");
  const [isAsset, assetParams] = useRoute("/control/asset/:id");
  const to = (path: string) => go(path + location.search);
  return {
    caseId: isCase ? Number(caseParams.id) : null,
    assetId: isAsset ? assetParams.id : null,
    chooseCase: (id: number) => to(`/control/case/${id}`),
    chooseAsset: (id: string) => to(`/control/asset/${encodeURIComponent(id)}`),
    leave: () => to("/control"),
  };
}

function Desk() {
  const { t } = useWords();
  const list = useWorklist();
  const choice = useChoice();
  const incidents = useQuery({ queryKey: keys.incidents, queryFn: getOpenIncidents });
  const town = useQuery({ queryKey: keys.map, queryFn: getMap });
  const sound = useSound(list.all);
  const acknowledging = useAcknowledge();
  const raises = useMemo(() => newestRaises(incidents.data ?? NO_INCIDENTS), [incidents.data]);
  const [helping, setHelping] = useState(false);
  const [keysOn, setKeysOn] = useState(() => remembered("keys") !== "off");
  const filter = useRef<HTMLInputElement>(null);
  const detail = useRef<HTMLElement>(null);
  const onCard = useRef<number[]>([]);
  const shown = useCallback((ids: number[]) => {
    onCard.current = ids;
  }, []);

  const step = (by: number) => {
    const at = list.rows.findIndex((row) => row.id === choice.caseId);
    const row = list.rows[Math.min(list.rows.length - 1, Math.max(0, at + by))];
    if (row) choice.chooseCase(row.id);
  };
  const acts: Record<Act, () => void> = {
    next: () => step(1),
    previous: () => step(-1),
    open: () => detail.current?.focus(),
    acknowledge: () =>
      onCard.current.length && acknowledging.mutate({ incidents: onCard.current }),
    close: () => detail.current?.querySelector<HTMLButtonElement>("[data-verb=close]")?.click(),
    filter: () => filter.current?.focus(),
    fresh: list.letIn,
    help: () => setHelping(true),
  };
  useKeys(keysOn && !helping, (act) => acts[act]());

  const selected = useMemo(() => {
    const spot =
      choice.caseId === null
        ? town.data?.assets.find((asset) => asset.id === choice.assetId)
        : list.all.find((row) => row.id === choice.caseId);
    return spot && spot.latitude !== null && spot.longitude !== null
      ? { latitude: spot.latitude, longitude: spot.longitude }
      : null;
  }, [choice.caseId, choice.assetId, list.all, town.data]);

  return (
    <div className="control">
      <a className="skip" href="#worklist">
        {t("common.skip")}
      </a>
      <Strip
        cases={list.all}
        sound={sound}
        keysOn={keysOn}
        onKeys={() => {
          remember("keys", keysOn ? "off" : "on");
          setKeysOn(!keysOn);
        }}
        onHelp={() => setHelping(true)}
      />
      <main className="desk">
        <h1 className="hidden">{t("control.title")}</h1>
        <div id="worklist" className="pane">
          <Trouble error={list.error} retry={list.refetch} />
          <Flood onCase={choice.chooseCase} />
          <Worklist
            rows={list.rows}
            raises={raises}
            waiting={list.waiting}
            counts={list.counts}
            view={list.view}
            chosen={choice.caseId}
            filter={filter}
            onView={list.setView}
            onChoose={choice.chooseCase}
            onFresh={list.letIn}
            onHold={list.setHeld}
          />
        </div>
        <section className="pane middle" aria-label={t("control.map")}>
          <Trouble error={town.error} retry={() => void town.refetch()} />
          {town.data ? (
            <Suspense fallback={<Waiting />}>
              <TownMap
                town={town.data}
                cases={list.all}
                incidents={incidents.data ?? NO_INCIDENTS}
                selected={selected}
                onCase={choice.chooseCase}
                onAsset={choice.chooseAsset}
              />
            </Suspense>
          ) : (
            !town.error && <Waiting />
          )}
        </section>
        <section
          ref={detail}
          className="pane detail"
          tabIndex={-1}
          aria-label={t("control.detail")}
        >
          <Trouble error={acknowledging.error} />
          {choice.caseId !== null && (
            <CaseCard
              key={choice.caseId}
              id={choice.caseId}
              onShown={shown}
              onClose={choice.leave}
            />
          )}
          {choice.assetId !== null && (
            <AssetCard
              key={choice.assetId}
              id={choice.assetId}
              cases={list.all}
              onShown={shown}
              onClose={choice.leave}
            />
          )}
          {choice.caseId === null && choice.assetId === null && (
            <p className="quiet-state">{t("control.nothing")}</p>
          )}
        </section>
      </main>
      <TapePane incidents={incidents.data ?? NO_INCIDENTS} />
      <Stale />
      {helping && <Help onClose={() => setHelping(false)} />}
    </div>
  );
}
