import type { ExpressionSpecification, Map as TownMap } from "maplibre-gl";
import type { FeatureCollection } from "geojson";
import { token } from "../../../format/theme";

const EMPTY: FeatureCollection = { type: "FeatureCollection", features: [] };

/** The zoom from which single things are drawn with their icons. */
const NEAR = 15.6;

/** A colour by rank: 4 critical … 1 low, 0 nothing abnormal. */
function colourBy(rank: ExpressionSpecification, calm: string): ExpressionSpecification {
  return [
    "match",
    rank,
    4,
    token("critical"),
    3,
    token("high"),
    2,
    token("medium"),
    1,
    token("low"),
    calm,
  ];
}

const RANK: ExpressionSpecification = ["coalesce", ["get", "rank"], 0];
const WORST: ExpressionSpecification = ["coalesce", ["get", "worst"], 0];
const LAMP_RANK: ExpressionSpecification = ["coalesce", ["feature-state", "rank"], 0];
const IS_ON: ExpressionSpecification = ["boolean", ["feature-state", "on"], false];
const IS_CLUSTER: ExpressionSpecification = ["has", "point_count"];
const IS_SINGLE: ExpressionSpecification = ["!", IS_CLUSTER];

/** Add what lives on the map: lamps, other assets in clusters, cases on top, the selection. */
export function addLiveLayers(map: TownMap): void {
  const worst = { worst: ["max", RANK], abnormal: ["+", ["case", [">", RANK, 0], 1, 0]] };
  map.addSource("lamps", { type: "geojson", data: EMPTY, promoteId: "id" });
  map.addSource("assets", {
    type: "geojson",
    data: EMPTY,
    promoteId: "id",
    cluster: true,
    clusterRadius: 26,
    clusterMaxZoom: 16,
    clusterProperties: worst,
  });
  map.addSource("cases", {
    type: "geojson",
    data: EMPTY,
    promoteId: "id",
    cluster: true,
    clusterRadius: 22,
    clusterMaxZoom: 17,
    clusterProperties: worst,
  });
  map.addSource("selection", { type: "geojson", data: EMPTY });

  const lampSize: ExpressionSpecification = [
    "interpolate",
    ["linear"],
    ["zoom"],
    13,
    1.4,
    16,
    3,
    18,
    5,
  ];
  const glowSize: ExpressionSpecification = [
    "interpolate",
    ["linear"],
    ["zoom"],
    13,
    5,
    16,
    14,
    18,
    30,
  ];
  map.addLayer({
    id: "lamp-glow",
    type: "circle",
    source: "lamps",
    paint: {
      "circle-radius": glowSize,
      "circle-color": token("map-lamp-on"),
      "circle-blur": 1,
      "circle-opacity": ["case", IS_ON, 0.55, 0],
    },
  });
  map.addLayer({
    id: "lamp",
    type: "circle",
    source: "lamps",
    paint: {
      "circle-radius": lampSize,
      // What is wrong is a hollow ring: burning or not is the colour, abnormal is the shape.
      "circle-color": [
        "case",
        [">", LAMP_RANK, 0],
        token("map-land"),
        IS_ON,
        token("map-lamp-on"),
        token("map-lamp-off"),
      ],
      "circle-stroke-color": colourBy(LAMP_RANK, token("map-halo")),
      "circle-stroke-width": ["case", [">", LAMP_RANK, 0], 2, 0],
    },
  });
  map.addLayer({
    id: "asset-cluster",
    type: "circle",
    source: "assets",
    filter: IS_CLUSTER,
    paint: {
      "circle-radius": [
        "case",
        [">", WORST, 0],
        9,
        ["interpolate", ["linear"], ["ln", ["get", "point_count"]], 0.7, 3, 6, 6],
      ],
      "circle-color": token("panel"),
      "circle-stroke-color": colourBy(WORST, token("map-asset")),
      "circle-stroke-width": ["case", [">", WORST, 0], 2.5, 1.2],
    },
  });
  map.addLayer({
    id: "asset-count",
    type: "symbol",
    source: "assets",
    filter: ["all", IS_CLUSTER, [">", WORST, 0]],
    layout: {
      "text-field": ["to-string", ["get", "abnormal"]],
      "text-size": 10,
      "text-allow-overlap": true,
    },
    paint: { "text-color": token("ink-soft") },
  });
  map.addLayer({
    id: "asset",
    type: "circle",
    source: "assets",
    filter: IS_SINGLE,
    paint: {
      "circle-radius": ["interpolate", ["linear"], ["zoom"], 13, 2.5, NEAR, 6, 18, 11],
      "circle-color": colourBy(RANK, token("panel")),
      "circle-stroke-color": ["case", [">", RANK, 0], token("map-halo"), token("map-asset")],
      "circle-stroke-width": 1.1,
    },
  });
  map.addLayer({
    id: "asset-icon",
    type: "symbol",
    source: "assets",
    minzoom: NEAR,
    filter: IS_SINGLE,
    layout: {
      "icon-image": ["concat", "kind-", ["get", "kind"], ["case", [">", RANK, 0], "-abnormal", ""]],
      "icon-size": ["interpolate", ["linear"], ["zoom"], NEAR, 0.55, 18, 0.95],
      "icon-allow-overlap": true,
    },
  });
  map.addLayer({
    id: "selection",
    type: "circle",
    source: "selection",
    paint: {
      "circle-radius": 19,
      "circle-color": "rgba(0,0,0,0)",
      "circle-stroke-color": token("ink"),
      "circle-stroke-width": 2,
    },
  });
  map.addLayer({
    id: "case",
    type: "symbol",
    source: "cases",
    layout: {
      "icon-image": [
        "match",
        ["case", IS_CLUSTER, WORST, RANK],
        4,
        "case-critical",
        3,
        "case-high",
        2,
        "case-medium",
        "case-low",
      ],
      "icon-allow-overlap": true,
      "symbol-sort-key": ["case", IS_CLUSTER, WORST, RANK],
      "text-field": ["case", IS_CLUSTER, ["to-string", ["get", "point_count"]], ""],
      "text-size": 11,
      "text-anchor": "left",
      "text-offset": [1.15, 0],
      "text-allow-overlap": true,
    },
    paint: {
      "text-color": token("ink"),
      "text-halo-color": token("map-halo"),
      "text-halo-width": 1.6,
    },
  });
}
