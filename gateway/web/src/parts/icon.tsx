/** Line icons on a 16 × 16 grid; the map draws the same paths. */
export const PATHS = {
  lift: "M4 2h8v12H4zM8 2v12M6 6.5 5 8M6 6.5M10 8l1 1.5",
  street_light: "M5 14V5a3 3 0 0 1 6 0M9 5h4M11 8v1.5M8.8 7.4l-.9 1M13.2 7.4l.9 1M3.5 14h3",
  feeder_cabinet: "M3 2.5h10v11H3zM8.8 4.5 6.5 8.3h3L7.2 12",
  heat_point:
    "M8 14a4 4 0 0 0 4-4c0-3-2.5-3.6-2.6-7C7 4.4 6.6 6 6.8 7.4 5.7 7 5.4 6 5.4 5.2 4.5 6.4 4 8 4 10a4 4 0 0 0 4 4z",
  house: "M2.5 7.5 8 2.5l5.5 5M4 6.5v7h8v-7M6.8 13.5V10h2.4v3.5",
  flat: "M3 2.5h10v11H3zM8 13.5v-4h2v4M5.5 5.5h1.5M9 5.5h1.5",
  traffic_signal: "M5.5 1.5h5v13h-5zM8 4.5h.01M8 8h.01M8 11.5h.01",
  traffic_controller: "M5.5 1.5h5v13h-5zM8 4.5h.01M8 8h.01M8 11.5h.01",
  camera: "M1.5 5h9v6.5h-9zM10.5 7.5l4-2v5.5l-4-2",
  sensor:
    "M8 8h.01M5.6 10.4a3.4 3.4 0 0 1 0-4.8M10.4 5.6a3.4 3.4 0 0 1 0 4.8M3.3 12.7a6.6 6.6 0 0 1 0-9.4M12.7 3.3a6.6 6.6 0 0 1 0 9.4",
  water_main: "M8 2.2c2.4 2.7 4 4.9 4 7.2a4 4 0 0 1-8 0c0-2.3 1.6-4.5 4-7.2z",
  meter: "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM8 8l2.4-2.4",
  other: "M8 3a5 5 0 1 1 0 10A5 5 0 0 1 8 3z",
  person: "M8 8a2.6 2.6 0 1 0 0-5.2A2.6 2.6 0 0 0 8 8zM3 13.8c.4-2.8 2.3-4.2 5-4.2s4.6 1.4 5 4.2",
  sound:
    "M2.5 6h2.500l3-2.800v9.600L5 10H2.500zM10.3 5.700a3.2 3.2 0 0 1 0 4.600M12.2 3.800a6 6 0 0 1 0 8.4",
  mute: "M2.5 6h2.500l3-2.800v9.600L5 10H2.500zM10.5 6l3.5 4M14 6l-3.5 4",
  bell: "M4 11V7.500a4 4 0 0 1 8 0V11l1.2 1.500H2.800zM6.8 14h2.4",
  sun: "M8 5.200a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.600zM8 1.500v1.300M8 13.200v1.300M1.5 8h1.300M13.2 8h1.300M3.4 3.400l.9.9M11.7 11.700l.9.9M3.4 12.600l.9-.9M11.7 4.300l.9-.9",
  moon: "M13 9.800A5.5 5.5 0 0 1 6.2 3 5.5 5.5 0 1 0 13 9.800z",
  keys: "M1.5 4h13v8h-13zM4 6.500h.01M6.7 6.500h.01M9.3 6.500h.01M12 6.500h.01M4.5 9.500h7",
  cross: "M4 4l8 8M12 4l-8 8",
  check: "M3 8.500l3.3 3.300L13 5",
  up: "M4 10l4-4 4 4",
  down: "M4 6l4 4 4-4",
  right: "M6 4l4 4-4 4",
  pin: "M8 14s4.5-4.4 4.5-7.700a4.5 4.5 0 0 0-9 0C3.5 9.6 8 14 8 14zM8 7.800a1.6 1.6 0 1 0 0-3.2 1.6 1.6 0 0 0 0 3.200z",
  search: "M7 2.500a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.3 10.300l3.2 3.2",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  frame: "M2.5 5.500v-3h3M10.5 2.500h3v3M13.5 10.500v3h-3M5.5 13.500h-3v-3",
  leave: "M6.5 2.500h-4v11h4M6.5 8h7M10.5 5l3 3-3 3",
  gear: "M8 5.700a2.3 2.3 0 1 1 0 4.6 2.3 2.3 0 0 1 0-4.600zM8 1.500v2M8 12.500v2M1.5 8h2M12.5 8h2M3.4 3.400l1.4 1.400M11.2 11.200l1.4 1.400M3.4 12.600l1.4-1.400M11.2 4.800l1.4-1.4",
  note: "M3 2.500h10v7.500l-3.5 3.500H3zM13 10H9.500v3.500M5.5 5.500h5M5.5 8h3",
  warning: "M8 2.3 14.3 13H1.700zM8 6.300v3.200M8 11.300h.01",
  calendar: "M2.5 3.5h11v10h-11zM2.5 6.500h11M5.5 2v2.500M10.5 2v2.500",
  clock: "M8 2.500a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM8 4.800V8l2.2 1.6",
  figures: "M2.5 13.500h11M4.5 11V7.500M8 11V3.500M11.5 11V6",
  list: "M5.5 4h8M5.5 8h8M5.5 12h8M2.5 4h.01M2.5 8h.01M2.5 12h.01",
  light:
    "M6 12.500h4M6.7 14.300h2.600M5.8 10.500c-1.3-.9-2-2-2-3.500a4.2 4.2 0 0 1 8.4 0c0 1.5-.700 2.6-2 3.500z",
  plug: "M5.5 2v3.500M10.5 2v3.500M3.5 5.500h9V8a4.5 4.5 0 0 1-9 0zM8 12.500V14.5",
  tree: "M8 14v-4M8 10c-2.8 0-4.5-1.5-4.5-3.800S5.5 2 8 2s4.5 2 4.5 4.200S10.8 10 8 10z",
  flood:
    "M2 10c1.5-1.3 2.5-1.3 4 0s2.5 1.3 4 0 2.5-1.3 4 0M2 13.500c1.5-1.3 2.5-1.3 4 0s2.5 1.3 4 0 2.5-1.3 4 0M8 2v4.500M6 4.800l2 2 2-2",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.35"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

/** Give the icon of an asset's kind; an unknown kind is drawn as a ring. */
export function kindIcon(kind: string): IconName {
  if (kind in PATHS) return kind as IconName;
  if (kind.includes("meter")) return "meter";
  if (kind.includes("sensor")) return "sensor";
  if (kind.includes("camera")) return "camera";
  return "other";
}

const GROUP_ICONS: Record<string, IconName> = {
  lift: "lift",
  lighting: "street_light",
  heating: "heat_point",
  water: "water_main",
  electricity: "plug",
  traffic: "traffic_signal",
  gas: "warning",
  air: "sensor",
  flood: "flood",
  access: "house",
  meter: "meter",
  device: "sensor",
  yard: "tree",
};

/** Give the icon of a category, from the word before its dot. */
export const categoryIcon = (code: string): IconName =>
  GROUP_ICONS[code.split(".")[0] ?? ""] ?? "other";
