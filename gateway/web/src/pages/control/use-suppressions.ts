import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { endSuppression, getSuppressions } from "../../api/calls";
import { keys } from "../../api/keys";
import { useMe } from "../../parts/signed-in";

const LOOK_EVERY_MS = 30_000; // one that ends by itself leaves the list so soon

/** What nobody is told of: in force, to come, and ended lately. */
export function useSuppressions() {
  const { role } = useMe();
  return useQuery({
    queryKey: keys.suppressions,
    queryFn: getSuppressions,
    enabled: role === "dispatcher" || role === "administrator",
    refetchInterval: LOOK_EVERY_MS,
  });
}

/** Do something to what is told of, and load what it may have changed. */
export function useSuppressing<T>(mutationFn: (what: T) => Promise<unknown>) {
  const cache = useQueryClient();
  return useMutation({
    mutationFn,
    onSuccess: () => {
      void cache.invalidateQueries({ queryKey: keys.suppressions });
      void cache.invalidateQueries({ queryKey: keys.incidents });
      void cache.invalidateQueries({ queryKey: ["case"] });
      void cache.invalidateQueries({ queryKey: ["asset-incidents"] });
    },
  });
}

export const useEnding = () => useSuppressing(endSuppression);
