import { Map as TownMap, setWorkerUrl, type MapOptions } from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
// A file of its own, so that the content policy needs no blob: workers.
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import type { MapOut } from "../api/types";
import { extentOf } from "./feature";
import { townStyle } from "./style";

setWorkerUrl(workerUrl);

/** Fetch MapLibre's worker into the cache: a map whose worker does not come stays empty for good. */
export async function fetchWorker(): Promise<void> {
  const answer = await fetch(workerUrl);
  if (!answer.ok) throw new Error(`${workerUrl}: ${answer.status}`);
  await answer.arrayBuffer();
}

const MARGIN_DEGREES = 0.01;

/** Open a map of the town in `container`, or give null where the browser has no WebGL. */
export function openMap(
  container: HTMLElement,
  town: MapOut,
  language: string,
  more: Partial<MapOptions> = {},
): TownMap | null {
  const [west, south, east, north] = extentOf(town);
  try {
    return new TownMap({
      container,
      style: townStyle(town, language),
      bounds: [west, south, east, north],
      fitBoundsOptions: { padding: 32 },
      maxBounds: [
        west - MARGIN_DEGREES * 2,
        south - MARGIN_DEGREES,
        east + MARGIN_DEGREES * 2,
        north + MARGIN_DEGREES,
      ],
      maxZoom: 19,
      attributionControl: false,
      // The canvas is a landmark of its own; it is called as its box is.
      locale: { "Map.Title": container.getAttribute("aria-label") ?? "" },
      dragRotate: false,
      pitchWithRotate: false,
      fadeDuration: 0,
      ...more,
    });
  } catch {
    return null;
  }
}
