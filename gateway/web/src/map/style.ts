import type { ExpressionSpecification, StyleSpecification } from "maplibre-gl";
import type { FeatureCollection } from "geojson";
import type { MapOut } from "../api/types";
import { token } from "../format/theme";
import { BUILDINGS, nameOf, propertiesOf } from "./feature";

/** The plan of the town: houses, streets, water, with their names in one language. */
export function townFeatures(town: MapOut, language: string): FeatureCollection {
  const features = town.features.map((feature) => {
    const own = propertiesOf(feature);
    return {
      ...feature,
      properties: { id: own.id, kind: own.kind, name: shortName(nameOf(own, language), own.kind) },
    };
  });
  return { type: "FeatureCollection", features } as unknown as FeatureCollection;
}

/** A house needs only its number on the map: "Lesnaya, 5k2" and "5k2 Lesnaya" both give "5k2". */
export function shortName(name: string, kind: string | undefined): string {
  if (!kind || !BUILDINGS.has(kind)) return name;
  return (/\d\S*$/.exec(name) ?? /^\d\S*/.exec(name))?.[0] ?? name;
}

const isKind = (...kinds: string[]): ExpressionSpecification => [
  "in",
  ["get", "kind"],
  ["literal", kinds],
];
const STREETS = isKind("street", "road");
const HOUSES = isKind(...BUILDINGS);
const isShape = (shape: string): ExpressionSpecification => ["==", ["geometry-type"], shape];

const wide = (at13: number, at18: number): ExpressionSpecification => [
  "interpolate",
  ["exponential", 1.7],
  ["zoom"],
  13,
  at13,
  18,
  at18,
];

/** The quiet ground of every map of ours, drawn from the town's own GeoJSON: no tile server. */
export function townStyle(town: MapOut, language: string): StyleSpecification {
  const label = {
    "text-color": token("map-label"),
    "text-halo-color": token("map-halo"),
    "text-halo-width": 1.4,
  };
  return {
    version: 8,
    sources: { town: { type: "geojson", data: townFeatures(town, language) } },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": token("map-ground") } },
      {
        id: "land",
        type: "fill",
        source: "town",
        filter: isKind("municipality", "settlement"),
        paint: { "fill-color": token("map-land"), "fill-outline-color": token("map-house-edge") },
      },
      {
        id: "green",
        type: "fill",
        source: "town",
        filter: ["all", isKind("park", "green"), isShape("Polygon")],
        paint: { "fill-color": token("map-green") },
      },
      {
        id: "water",
        type: "fill",
        source: "town",
        filter: ["all", isKind("river", "water"), isShape("Polygon")],
        paint: { "fill-color": token("map-water") },
      },
      {
        id: "river",
        type: "line",
        source: "town",
        filter: ["all", isKind("river", "water"), isShape("LineString")],
        layout: { "line-cap": "round", "line-join": "round" },
        paint: { "line-color": token("map-water"), "line-width": wide(14, 160) },
      },
      {
        id: "street-edge",
        type: "line",
        source: "town",
        filter: STREETS,
        layout: { "line-cap": "round", "line-join": "round" },
        paint: { "line-color": token("map-street-edge"), "line-width": wide(4.5, 32) },
      },
      {
        id: "street",
        type: "line",
        source: "town",
        filter: STREETS,
        layout: { "line-cap": "round", "line-join": "round" },
        paint: { "line-color": token("map-street"), "line-width": wide(3, 28) },
      },
      {
        id: "house",
        type: "fill",
        source: "town",
        filter: ["all", HOUSES, isShape("Polygon")],
        paint: { "fill-color": token("map-house"), "fill-outline-color": token("map-house-edge") },
      },
      {
        id: "house-point",
        type: "circle",
        source: "town",
        filter: ["all", HOUSES, isShape("Point")],
        paint: {
          "circle-color": token("map-house"),
          "circle-radius": wide(3, 18),
          "circle-stroke-color": token("map-house-edge"),
          "circle-stroke-width": 1,
        },
      },
      {
        id: "street-name",
        type: "symbol",
        source: "town",
        minzoom: 13.5,
        filter: STREETS,
        layout: {
          "symbol-placement": "line",
          "text-field": ["get", "name"],
          "text-size": 11.5,
          "text-letter-spacing": 0.02,
          "symbol-spacing": 340,
          "text-max-angle": 40,
        },
        paint: label,
      },
      {
        id: "house-name",
        type: "symbol",
        source: "town",
        minzoom: 15.2,
        filter: HOUSES,
        layout: {
          "text-field": ["get", "name"],
          "text-size": 11,
          "text-offset": [0, -1.4],
          "text-allow-overlap": true,
        },
        paint: label,
      },
    ],
  };
}
