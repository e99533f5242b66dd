import { useQuery } from "@tanstack/react-query";
import { getMap } from "../api/calls";
import { keys } from "../api/keys";
import type { MapOut, Text } from "../api/types";
import { useWords } from "../i18n/text";

/** The names of a map's assets, gathered once for all who ask. */
const gathered = new WeakMap<MapOut, Map<string, Text>>();

function namesOf(town: MapOut): Map<string, Text> {
  const names =
    gathered.get(town) ?? new Map(town.assets.map((asset) => [asset.id, asset.name] as const));
  gathered.set(town, names);
  return names;
}

/** Give the name of an asset by its id, from the map that the page has anyway; else the id. */
export function useAssetName(): (id: string) => string {
  const { say } = useWords();
  const { data } = useQuery({ queryKey: keys.map, queryFn: getMap });
  return (id) => say((data && namesOf(data).get(id)) ?? {}) || id;
}
