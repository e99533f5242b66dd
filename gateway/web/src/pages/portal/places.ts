import type { MapOut } from "../../api/types";
import { inLanguage } from "../../i18n/text";
import { BUILDINGS, propertiesOf } from "../../map/feature";

/** A house of the town as the search lists it. */
export interface House {
  id: string;
  name: string;
}

/** What the applicant chose: a house, a point, or nothing yet. */
export type Spot =
  | { kind: "house"; id: string; name: string }
  | { kind: "point"; latitude: number; longitude: number };

export function housesOf(map: MapOut, language: string): House[] {
  return map.features
    .map(propertiesOf)
    .filter((each) => BUILDINGS.has(each.kind ?? ""))
    .map((each) => ({
      id: each.id ?? "",
      name: inLanguage(each.address ?? each.name ?? {}, language),
    }))
    .sort((a, b) => a.name.localeCompare(b.name, language, { numeric: true }));
}

const plain = (text: string) =>
  text
    .toLocaleLowerCase()
    .replaceAll("ё", "е")
    .replaceAll(/[.,]/g, " ")
    .split(/\s+/)
    .filter(Boolean);

/** Find the houses in which every typed word begins some word of the name. */
export function findHouses(houses: readonly House[], typed: string): House[] {
  const words = plain(typed);
  if (!words.length) return [];
  return houses.filter((house) => {
    const own = plain(house.name);
    return words.every((word) => own.some((part) => part.startsWith(word)));
  });
}
