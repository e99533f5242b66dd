import type { MapOut, Text } from "../api/types";
import { inLanguage } from "../i18n/text";

/** What a feature of the town's GeoJSON says of itself. */
interface Properties {
  id?: string;
  kind?: string;
  name?: Text;
  address?: Text;
}

export const propertiesOf = (feature: Record<string, unknown>) =>
  (feature["properties"] ?? {}) as Properties;

export const nameOf = (properties: Properties, language: string) =>
  inLanguage(properties.name ?? {}, language);

/** Kinds that are houses. */
export const BUILDINGS = new Set(["building", "house"]);

type Box = MapOut["bounds"];

/** Give west, south, east, north of everything that is drawn, which may reach beyond the houses. */
export function extentOf(town: MapOut): Box {
  const box: Box = [...town.bounds];
  for (const feature of town.features) {
    const geometry = feature["geometry"] as { coordinates?: unknown } | null;
    widen(box, geometry?.coordinates);
  }
  return box;
}

function widen(box: Box, coordinates: unknown): void {
  if (!Array.isArray(coordinates)) return;
  const [longitude, latitude] = coordinates as unknown[];
  if (typeof longitude !== "number" || typeof latitude !== "number") {
    for (const part of coordinates) widen(box, part);
    return;
  }
  box[0] = Math.min(box[0], longitude);
  box[1] = Math.min(box[1], latitude);
  box[2] = Math.max(box[2], longitude);
  box[3] = Math.max(box[3], latitude);
}
