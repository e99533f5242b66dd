import { lazy, type ComponentType } from "react";
import { patiently } from "../parts/patiently";

/** Load a part with a map, and MapLibre with its worker, only when it is shown. */
export function lazyMap<P>(load: () => Promise<{ default: ComponentType<P> }>) {
  return lazy(() =>
    patiently(async () => {
      const [part, { fetchWorker }] = await Promise.all([load(), import("./create")]);
      await fetchWorker();
      return part;
    }),
  );
}
