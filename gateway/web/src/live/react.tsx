import { useQueryClient } from "@tanstack/react-query";
import {
  createContext,
  use,
  useCallback,
  useEffect,
  useState,
  useSyncExternalStore,
  type ReactNode,
} from "react";
import { keys } from "../api/keys";
import { Live } from "./live";

const LiveContext = createContext<Live | null>(null);

export function LiveProvider({ children }: { children: ReactNode }) {
  const cache = useQueryClient();
  const [live] = useState(
    () => new Live(cache, () => void cache.invalidateQueries({ queryKey: keys.me })),
  );
  useEffect(() => live.start(), [live]);
  return <LiveContext value={live}>{children}</LiveContext>;
}

export function useLive(): Live {
  const live = use(LiveContext);
  if (!live) throw new Error("useLive outside LiveProvider");
  return live;
}

export function useHealth() {
  const live = useLive();
  return useSyncExternalStore(live.watch, live.health);
}

/** Give the server's clock in ms, again every `step` ms; all users of a step turn together. */
export function useNow(step = 1000): number {
  const live = useLive();
  const subscribe = useCallback(
    (tell: () => void) => {
      const timer = setInterval(tell, step);
      return () => clearInterval(timer);
    },
    [step],
  );
  return useSyncExternalStore(subscribe, () => Math.floor(live.now() / step) * step);
}

/** Give the latest reading of a signal; its device must be subscribed by useDevices. */
export function useReading(device: string, signal: string) {
  const { values } = useLive();
  const subscribe = useCallback(
    (tell: () => void) => values.watch(device, signal, tell),
    [values, device, signal],
  );
  return useSyncExternalStore(subscribe, () => values.of(device, signal));
}

/** Keep all signals of these devices coming while the component is shown. */
export function useDevices(devices: readonly string[]): void {
  const { subscriptions } = useLive();
  const joined = devices.join("\n");
  useEffect(
    () => (joined ? subscriptions.follow(joined.split("\n")) : undefined),
    [subscriptions, joined],
  );
}
