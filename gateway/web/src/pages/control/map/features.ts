import type { Feature, FeatureCollection, Point } from "geojson";
import type { CaseRow, IncidentOut, MapAsset } from "../../../api/types";
import { rank } from "../../../parts/priority";

export const LAMP = "street_light";
const METRES_PER_DEGREE = 111_320;
const STEP_M = 4.5;
const GOLDEN_ANGLE = 2.399963;

/** Give the worst rank of the active incidents of each asset that has any. */
export function ranksOf(incidents: readonly IncidentOut[]): Map<string, number> {
  const ranks = new Map<string, number>();
  for (const incident of incidents) {
    if (incident.active)
      ranks.set(incident.asset, Math.max(rank(incident.severity), ranks.get(incident.asset) ?? 0));
  }
  return ranks;
}

const point = (
  longitude: number,
  latitude: number,
  properties: Record<string, unknown>,
): Feature<Point> => ({
  type: "Feature",
  geometry: { type: "Point", coordinates: [longitude, latitude] },
  properties,
});

/** Make points of the assets; those at one place are laid out as a sunflower, so that each can be hit. */
export function assetFeatures(
  assets: readonly MapAsset[],
  ranks: ReadonlyMap<string, number>,
): FeatureCollection<Point> {
  const seen = new Map<string, number>();
  const features = assets.map((asset) => {
    const spot = `${asset.latitude},${asset.longitude}`;
    const n = seen.get(spot) ?? 0;
    seen.set(spot, n + 1);
    const away = (STEP_M * Math.sqrt(n)) / METRES_PER_DEGREE;
    const latitude = asset.latitude + away * Math.sin(n * GOLDEN_ANGLE);
    const longitude =
      asset.longitude +
      (away * Math.cos(n * GOLDEN_ANGLE)) / Math.cos((asset.latitude * Math.PI) / 180);
    return point(longitude, latitude, {
      id: asset.id,
      kind: asset.kind,
      rank: ranks.get(asset.id) ?? 0,
    });
  });
  return { type: "FeatureCollection", features };
}

export function caseFeatures(cases: readonly CaseRow[]): FeatureCollection<Point> {
  const features = cases.flatMap((row) =>
    row.closed_at === null && row.latitude !== null && row.longitude !== null
      ? [point(row.longitude, row.latitude, { id: row.id, rank: rank(row.priority) })]
      : [],
  );
  return { type: "FeatureCollection", features };
}

/** List the ids whose rank differs, with the new rank. */
export function rankChanges(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): [string, number][] {
  const ids = new Set([...before.keys(), ...after.keys()]);
  return [...ids].flatMap((id) => {
    const now = after.get(id) ?? 0;
    return now === (before.get(id) ?? 0) ? [] : [[id, now] as [string, number]];
  });
}
