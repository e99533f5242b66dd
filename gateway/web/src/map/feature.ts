import type { Text } from "../api/types";
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
