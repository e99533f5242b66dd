import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useSearchParams } from "wouter";
import { getCases } from "../../api/calls";
import { keys } from "../../api/keys";
import type { CaseRow } from "../../api/types";
import { useWords } from "../../i18n/text";
import { useNow } from "../../live/react";
import { useHeldRows } from "./worklist/held";
import { belongs, matches, SORTS, sorted, TABS, type Sort, type Tab } from "./worklist/order";
import type { View } from "./worklist/worklist";

const NOTHING: CaseRow[] = [];

const oneOf = <T extends string>(known: readonly T[], word: string | null): T =>
  known.find((each) => each === word) ?? (known[0] as T);

/** The view as the URL says it: what is the default is left out. */
function useView(): [View, (view: View) => void] {
  const [params, setParams] = useSearchParams();
  const view: View = {
    tab: oneOf<Tab>(TABS, params.get("tab")),
    sort: oneOf<Sort>(SORTS, params.get("sort")),
    typed: params.get("q") ?? "",
  };
  const change = (next: View) => {
    const kept = {
      tab: next.tab === TABS[0] ? "" : next.tab,
      sort: next.sort === SORTS[0] ? "" : next.sort,
      q: next.typed,
    };
    setParams(Object.fromEntries(Object.entries(kept).filter(([, value]) => value)), {
      replace: true,
    });
  };
  return [view, change];
}

/** The worklist behind the page: all open cases, those of the view, and those that wait. */
export function useWorklist() {
  const { language } = useWords();
  const [view, setView] = useView();
  const [held, setHeld] = useState(false);
  // Being overdue is looked at twice a minute; the rows themselves tell the second.
  const now = useNow(30_000);
  const open = useQuery({ queryKey: keys.cases("open"), queryFn: () => getCases("open") });
  const closed = useQuery({
    queryKey: keys.cases("closed"),
    queryFn: () => getCases("closed"),
    enabled: view.tab === "closed",
  });
  const all = open.data ?? NOTHING;
  const source = view.tab === "closed" ? (closed.data ?? NOTHING) : all;
  const fresh = useMemo(
    () =>
      sorted(
        source.filter((row) => belongs(row, view.tab, now) && matches(row, view.typed, language)),
        view.tab === "closed" ? "newest" : view.sort,
      ),
    [source, view.tab, view.sort, view.typed, language, now],
  );
  const counts = useMemo(() => {
    const count = (tab: Tab) =>
      all.filter((row) => row.closed_at === null && belongs(row, tab, now)).length;
    return {
      open: count("open"),
      unacknowledged: count("unacknowledged"),
      escalated: count("escalated"),
      overdue: count("overdue"),
      closed: 0,
    };
  }, [all, now]);
  const shown = useHeldRows(fresh, held, `${view.tab} ${view.sort} ${view.typed}`);
  return {
    view,
    setView,
    setHeld,
    all,
    counts,
    ...shown,
    error: open.error ?? closed.error,
    refetch: () => void open.refetch(),
  };
}
