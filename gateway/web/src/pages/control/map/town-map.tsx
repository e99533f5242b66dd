import type { GeoJSONSource, Map as TownMapEngine, MapLayerMouseEvent } from "maplibre-gl";
import { useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import type { CaseRow, IncidentOut, MapOut, Values } from "../../../api/types";
import { useTheme } from "../../../format/theme";
import { useWords } from "../../../i18n/text";
import { useLive } from "../../../live/react";
import { openMap } from "../../../map/create";
import { extentOf } from "../../../map/feature";
import { Icon } from "../../../parts/icon";
import { assetFeatures, caseFeatures, LAMP, rankChanges, ranksOf } from "./features";
import { addImages } from "./images";
import { addLiveLayers } from "./layers";
import "./town-map.css";

/** A 50,000-point source stands one update a second, and never one an event. */
const REDRAW_MS = 1000;
const CLICKABLE = ["case", "asset", "asset-cluster", "lamp"];

export interface Spot {
  latitude: number;
  longitude: number;
}

interface Props {
  town: MapOut;
  cases: readonly CaseRow[];
  incidents: readonly IncidentOut[];
  selected: Spot | null;
  onCase: (id: number) => void;
  onAsset: (id: string) => void;
}

const sourceOf = (map: TownMapEngine, id: string) => map.getSource<GeoJSONSource>(id);

export default function TownMap({ town, cases, incidents, selected, onCase, onAsset }: Props) {
  const { t, language, say } = useWords();
  const theme = useTheme();
  const live = useLive();
  const box = useRef<HTMLDivElement>(null);
  const [map, setMap] = useState<TownMapEngine | null>(null);
  const [failed, setFailed] = useState(false);
  const camera = useRef<{ center: [number, number]; zoom: number } | null>(null);
  const shownRanks = useRef(new Map<string, number>());
  const ranks = useMemo(() => ranksOf(incidents), [incidents]);
  const [lampsOn, setLampsOn] = useState(0);

  const choose = useEffectEvent((event: MapLayerMouseEvent, engine: TownMapEngine) => {
    const [hit] = engine.queryRenderedFeatures(event.point, { layers: CLICKABLE });
    if (!hit) return;
    const id: unknown = hit.properties["id"];
    if (hit.properties["cluster"])
      void openCluster(engine, hit.source, Number(hit.properties["cluster_id"]), event);
    else if (hit.source === "cases") onCase(Number(id));
    else onAsset(String(id));
  });

  const fill = useEffectEvent((engine: TownMapEngine) => {
    const now = new Map(ranks);
    shownRanks.current = now;
    const lamps = town.assets.filter((asset) => asset.kind === LAMP);
    const others = town.assets.filter((asset) => asset.kind !== LAMP);
    void sourceOf(engine, "lamps")?.setData(assetFeatures(lamps, now));
    void sourceOf(engine, "assets")?.setData(assetFeatures(others, now));
    for (const lamp of lamps)
      engine.setFeatureState({ source: "lamps", id: lamp.id }, { rank: now.get(lamp.id) ?? 0 });
  });

  // Theme and language change every layer: the map is opened anew with the same camera.
  useEffect(() => {
    if (!box.current) return;
    const engine = openMap(
      box.current,
      town,
      language,
      camera.current ? { ...camera.current, bounds: undefined } : {},
    );
    if (!engine) {
      setFailed(true);
      return;
    }
    engine.on("load", () => {
      addImages(engine, new Set(town.assets.map((asset) => asset.kind)), (priority) =>
        t(`priorityLetter.${priority}`),
      );
      addLiveLayers(engine);
      fill(engine);
      setMap(engine);
    });
    engine.on("click", (event) => choose(event, engine));
    engine.on("mousemove", (event) => {
      const over =
        engine.getLayer("case") &&
        engine.queryRenderedFeatures(event.point, { layers: CLICKABLE }).length > 0;
      engine.getCanvas().style.cursor = over ? "pointer" : "";
    });
    engine.on("moveend", () => {
      const center = engine.getCenter();
      camera.current = { center: [center.lng, center.lat], zoom: engine.getZoom() };
    });
    return () => {
      setMap(null);
      engine.remove();
    };
  }, [town, language, theme, t]);

  // What is abnormal, at most once a second.
  useEffect(() => {
    if (!map) return;
    const changes = rankChanges(shownRanks.current, ranks);
    const timer = setTimeout(
      () => {
        shownRanks.current = ranks;
        const isLamp = new Set(
          town.assets.filter((asset) => asset.kind === LAMP).map((asset) => asset.id),
        );
        for (const [id, rank] of changes)
          if (isLamp.has(id)) map.setFeatureState({ source: "lamps", id }, { rank });
        const update = changes
          .filter(([id]) => !isLamp.has(id))
          .map(([id, rank]) => ({ id, addOrUpdateProperties: [{ key: "rank", value: rank }] }));
        if (update.length) void sourceOf(map, "assets")?.updateData({ update });
      },
      changes.length ? REDRAW_MS : 0,
    );
    return () => clearTimeout(timer);
  }, [map, ranks, town]);

  const caseData = useMemo(() => caseFeatures(cases), [cases]);
  const lastCases = useRef(0);
  useEffect(() => {
    if (!map) return;
    const timer = setTimeout(
      () => {
        lastCases.current = performance.now();
        void sourceOf(map, "cases")?.setData(caseData);
      },
      Math.max(0, lastCases.current + REDRAW_MS - performance.now()),
    );
    return () => clearTimeout(timer);
  }, [map, caseData]);

  // Lamps that burn glow; their state is a feature state, which costs nothing.
  useEffect(() => {
    if (!map) return;
    const assetOf = new Map(
      town.assets.flatMap((asset) =>
        asset.kind === LAMP ? asset.devices.map((device) => [device, asset.id] as const) : [],
      ),
    );
    const on = new Set<string>();
    const unfollow = live.values.follow((block: Pick<Values, "device" | "signal" | "value">) => {
      block.device.forEach((device, at) => {
        const id = assetOf.get(device);
        if (id === undefined || block.signal[at] !== "on") return;
        const isOn = (block.value[at] ?? 0) > 0;
        if (isOn === on.has(id)) return;
        if (isOn) on.add(id);
        else on.delete(id);
        map.setFeatureState({ source: "lamps", id }, { on: isOn });
      });
      setLampsOn(on.size);
    });
    const release = live.subscriptions.followFamily(LAMP, "on");
    return () => {
      unfollow();
      release();
    };
  }, [map, live, town]);

  const longitude = selected?.longitude ?? null;
  const latitude = selected?.latitude ?? null;
  useEffect(() => {
    if (!map) return;
    const here = longitude !== null && latitude !== null;
    void sourceOf(map, "selection")?.setData({
      type: "FeatureCollection",
      features: here
        ? [
            {
              type: "Feature",
              properties: {},
              geometry: { type: "Point", coordinates: [longitude, latitude] },
            },
          ]
        : [],
    });
    if (here)
      map.easeTo({
        center: [longitude, latitude],
        zoom: Math.max(map.getZoom(), 15.8),
        duration: 600,
      });
  }, [map, longitude, latitude]);

  if (failed) return <div className="quiet-state">{t("map.noWebgl")}</div>;
  const [west, south, east, north] = extentOf(town);
  return (
    <div className="town-map">
      <div
        ref={box}
        className="canvas"
        role="group"
        aria-busy={!map}
        aria-label={t("map.label", { name: say(town.name) })}
      />
      <div className="map-buttons">
        <button
          type="button"
          className="button icon"
          aria-label={t("map.zoomIn")}
          title={t("map.zoomIn")}
          onClick={() => map?.zoomIn()}
        >
          <Icon name="plus" />
        </button>
        <button
          type="button"
          className="button icon"
          aria-label={t("map.zoomOut")}
          title={t("map.zoomOut")}
          onClick={() => map?.zoomOut()}
        >
          <Icon name="minus" />
        </button>
        <button
          type="button"
          className="button icon"
          aria-label={t("map.fit")}
          title={t("map.fit")}
          onClick={() => map?.fitBounds([west, south, east, north], { padding: 32 })}
        >
          <Icon name="frame" />
        </button>
      </div>
      {lampsOn > 0 && <p className="lamps-on">{t("map.lampsOn", { count: lampsOn })}</p>}
    </div>
  );
}

async function openCluster(
  map: TownMapEngine,
  source: string,
  cluster: number,
  event: MapLayerMouseEvent,
): Promise<void> {
  const zoom = await sourceOf(map, source)?.getClusterExpansionZoom(cluster);
  if (zoom !== undefined) map.easeTo({ center: event.lngLat, zoom: Math.min(zoom + 0.3, 18.5) });
}
