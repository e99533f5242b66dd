import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useId, useRef, useState, type RefObject } from "react";
import type { CaseRow } from "../../../api/types";
import { useWords } from "../../../i18n/text";
import { useNow } from "../../../live/react";
import { Icon } from "../../../parts/icon";
import { PriorityMark, worst } from "../../../parts/priority";
import { SORTS, TABS, type Sort, type Tab } from "./order";
import { Row as RowOption } from "./row";
import "./worklist.css";

const ROW_PX = 58;

export interface View {
  tab: Tab;
  sort: Sort;
  typed: string;
}

interface Props {
  rows: CaseRow[];
  raises: ReadonlyMap<number, number>;
  waiting: CaseRow[];
  counts: Record<Tab, number>;
  view: View;
  chosen: number | null;
  filter: RefObject<HTMLInputElement | null>;
  onView: (view: View) => void;
  onChoose: (id: number) => void;
  onFresh: () => void;
  onHold: (held: boolean) => void;
}

export function Worklist({
  rows,
  raises,
  waiting,
  counts,
  view,
  chosen,
  filter,
  onView,
  onChoose,
  onFresh,
  onHold,
}: Props) {
  const { t } = useWords();
  const worstWaiting = worst(waiting.map((row) => row.priority));
  return (
    <section className="worklist" aria-label={t("control.worklist")}>
      <header>
        <div className="tabs" role="group" aria-label={t("control.worklist")}>
          {TABS.map((tab) => (
            <button
              key={tab}
              type="button"
              aria-pressed={view.tab === tab}
              onClick={() => onView({ ...view, tab })}
            >
              {t(`control.filter${capital(tab)}`)}
              {tab !== "closed" && <span className="figure">{counts[tab]}</span>}
            </button>
          ))}
        </div>
        <div className="tools">
          <span className="search">
            <Icon name="search" />
            <input
              ref={filter}
              type="search"
              className="input"
              aria-label={t("control.filterText")}
              placeholder={t("control.filterPlaceholder")}
              value={view.typed}
              onChange={(event) => onView({ ...view, typed: event.target.value })}
            />
          </span>
          <select
            className="input"
            aria-label={t("control.sort")}
            value={view.sort}
            onChange={(event) => onView({ ...view, sort: event.target.value as Sort })}
          >
            {SORTS.map((sort) => (
              <option key={sort} value={sort}>
                {t(`control.sort${capital(sort)}`)}
              </option>
            ))}
          </select>
        </div>
      </header>
      <div aria-live="polite" className="fresh">
        {waiting.length > 0 && (
          <button type="button" onClick={onFresh}>
            {worstWaiting && <PriorityMark priority={worstWaiting} size={15} />}
            {t("control.newRows", { count: waiting.length })}
            <kbd>N</kbd>
          </button>
        )}
      </div>
      {rows.length ? (
        <Rows rows={rows} raises={raises} chosen={chosen} onChoose={onChoose} onHold={onHold} />
      ) : (
        <p className="quiet-state">
          {t(view.typed || view.tab !== "open" ? "control.emptyFiltered" : "control.emptyOpen")}
        </p>
      )}
    </section>
  );
}

const capital = <T extends string>(word: T) =>
  (word.charAt(0).toUpperCase() + word.slice(1)) as Capitalize<T>;

function Rows({
  rows,
  raises,
  chosen,
  onChoose,
  onHold,
}: Pick<Props, "rows" | "raises" | "chosen" | "onChoose" | "onHold">) {
  const { t } = useWords();
  const now = useNow();
  const scroller = useRef<HTMLDivElement>(null);
  const id = useId();
  const [inside, setInside] = useState({ pointer: false, focus: false });
  const held = inside.pointer || inside.focus;
  useEffect(() => onHold(held), [held, onHold]);
  useEffect(() => () => onHold(false), [onHold]);

  // eslint-disable-next-line react-hooks/incompatible-library -- its functions are used only while rendering
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 8,
  });
  const at = rows.findIndex((row) => row.id === chosen);
  useEffect(() => {
    if (at >= 0) virtual.scrollToIndex(at, { align: "auto" });
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only a new choice scrolls, not a moved row
  }, [chosen]);

  return (
    <div
      ref={scroller}
      className="rows"
      role="listbox"
      aria-label={t("control.worklist")}
      tabIndex={0}
      aria-activedescendant={at >= 0 ? `${id}-${chosen}` : undefined}
      onPointerEnter={() => setInside((was) => ({ ...was, pointer: true }))}
      onPointerLeave={() => setInside((was) => ({ ...was, pointer: false }))}
      onFocus={() => setInside((was) => ({ ...was, focus: true }))}
      onBlur={() => setInside((was) => ({ ...was, focus: false }))}
    >
      <div role="presentation" style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          return (
            <RowOption
              key={row.id}
              id={`${id}-${row.id}`}
              row={row}
              raisedAt={raises.get(row.id)}
              now={now}
              chosen={row.id === chosen}
              at={item.index}
              of={rows.length}
              top={item.start}
              height={ROW_PX}
              onChoose={() => onChoose(row.id)}
            />
          );
        })}
      </div>
    </div>
  );
}
