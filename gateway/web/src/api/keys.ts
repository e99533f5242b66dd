/** The keys under which answers are cached; live changes are merged into the same places. */
import type { CaseFilter } from "./calls";

export const keys = {
  me: ["me"] as const,
  publicMap: ["public-map"] as const,
  categories: ["categories"] as const,
  map: ["map"] as const,
  places: ["places"] as const,
  commissioning: (place: string) => ["commissioning", place] as const,
  meters: (place: string) => ["meters", place] as const,
  consumption: (asset: string, step: string) => ["meter", asset, "consumption", step] as const,
  readings: (asset: string) => ["meter", asset, "readings"] as const,
  balance: (place: string, month: string) => ["balance", place, month] as const,
  edges: ["edges"] as const,
  health: (edge: string) => ["edge-health", edge] as const,
  devices: ["devices"] as const,
  routing: ["routing"] as const,
  executors: ["executors"] as const,
  incidents: ["incidents"] as const,
  suppressions: ["suppressions"] as const,
  cases: (state: CaseFilter) => ["cases", state] as const,
  case: (id: number) => ["case", id] as const,
  device: (id: string) => ["device", id] as const,
  asset: (id: string) => ["asset", id] as const,
  assetIncidents: (id: string) => ["asset-incidents", id] as const,
  command: (id: string) => ["command", id] as const,
};
