import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { getMap } from "../api/calls";
import { keys } from "../api/keys";
import { useWords } from "../i18n/text";

/** Give the name of an asset by its id, from the map that the page has anyway; else the id. */
export function useAssetName(): (id: string) => string {
  const { say } = useWords();
  const { data } = useQuery({ queryKey: keys.map, queryFn: getMap });
  const names = useMemo(
    () => new Map(data?.assets.map((asset) => [asset.id, asset.name] as const)),
    [data],
  );
  return (id) => say(names.get(id) ?? {}) || id;
}
