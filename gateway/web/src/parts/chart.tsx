import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import "./chart.css";
import { getSeries } from "../api/calls";
import type { IncidentOut, Series, SignalOut } from "../api/types";
import { token, useTheme } from "../format/theme";
import { unitIn } from "../format/value";
import { useWords } from "../i18n/text";
import { isBad, isDropped, isQuarantined, type LatestValues } from "../live/values";
import { useLive } from "../live/react";
import { Trouble, Waiting } from "./trouble";

const REDRAW_MS = 250;
const ANEW_MS = 30_000;
const HEIGHT_PX = 168;
export const WINDOWS_S = { window15: 15 * 60, window24: 24 * 3600 } as const;
export type Window = keyof typeof WINDOWS_S;

interface Props {
  device: string;
  signal: SignalOut;
  span: Window;
  incidents: readonly IncidentOut[];
}

type Load = (key: string, start: Date, end: Date) => Promise<Series>;

/**
 * The readings of one signal: what is stored, continued by what arrives. Of what never arrives
 * live, `load` gives them, and they are asked for anew.
 */
export function Chart({ load, ...plot }: Props & { load?: Load }) {
  const { device, signal, span } = plot;
  const { t } = useWords();
  const live = useLive();
  const series = useQuery({
    queryKey: ["series", device, signal.key, span],
    queryFn: () => {
      const end = live.now();
      const ask = load ?? ((...which: Parameters<Load>) => getSeries(device, ...which));
      return ask(signal.key, new Date(end - WINDOWS_S[span] * 1000), new Date(end));
    },
    gcTime: 0,
    refetchInterval: load ? ANEW_MS : false,
  });
  if (series.error) return <Trouble error={series.error} retry={() => void series.refetch()} />;
  if (!series.data) return <Waiting />;
  return (
    <>
      <Plot
        key={series.dataUpdatedAt}
        stored={series.data}
        {...plot}
      />
      {!series.data.time_ms.length && <p className="faint">{t("card.noChart")}</p>}
      {series.data.quality.some(isDropped) && <p className="faint">{t("card.dropped")}</p>}
    </>
  );
}

/** Give the spans, in seconds, of which the edge kept nothing: up to the next reading. */
function droppedSpans({ time_ms, quality }: Series): [number, number][] {
  return time_ms.flatMap((ms, at): [number, number][] => {
    const next = time_ms[at + 1];
    return isDropped(quality[at] ?? 0) && next !== undefined ? [[ms / 1000, next / 1000]] : [];
  });
}

/** Columns of a plot that grow at the end and lose what leaves the window. */
class Track {
  readonly time: number[];
  readonly value: (number | null)[];

  constructor(stored: Series) {
    const quality = (at: number) => stored.quality[at] ?? 0;
    const isShown = (_: unknown, at: number) => !isQuarantined(quality(at));
    this.time = stored.time_ms.filter(isShown).map((ms) => ms / 1000);
    // A bad reading is a gap, not a point.
    this.value = stored.value
      .map((value, at) => (isBad(quality(at)) ? null : value))
      .filter(isShown);
  }

  add(ms: number, value: number | null): void {
    if (ms / 1000 <= (this.time.at(-1) ?? 0)) return;
    this.time.push(ms / 1000);
    this.value.push(value);
  }

  cut(before: number): void {
    const from = this.time.findIndex((time) => time >= before);
    if (from > 256) {
      // One point before the window stays, so that the line enters from the edge.
      this.time.splice(0, from - 1);
      this.value.splice(0, from - 1);
    }
  }
}

function follow(values: LatestValues, track: Track, device: string, key: string): () => void {
  return values.follow((block) => {
    block.device.forEach((each, at) => {
      if (each !== device || block.signal[at] !== key) return;
      track.add(
        block.time_ms[at] ?? 0,
        isBad(block.quality[at] ?? 0) ? null : (block.value[at] ?? null),
      );
    });
  });
}

function Plot({ stored, device, signal, span, incidents }: Props & { stored: Series }) {
  const { language, t, say } = useWords();
  const theme = useTheme();
  const live = useLive();
  const box = useRef<HTMLDivElement>(null);
  const marks = useRef(incidents);
  const [track] = useState(() => new Track(stored));
  useEffect(() => {
    marks.current = incidents;
  }, [incidents]);

  useEffect(() => {
    const container = box.current;
    if (!container) return;
    const plot = new uPlot(
      options(container.clientWidth, signal, language, {
        incidents: () => marks.current,
        dropped: droppedSpans(stored),
      }),
      [track.time, track.value],
      container,
    );
    const draw = () => {
      const now = live.now() / 1000;
      const last = track.value.at(-1);
      track.cut(now - WINDOWS_S[span]);
      // A signal is reported when it changes: until then the last value still holds.
      const held = last === undefined ? [] : [now];
      plot.setData(
        [
          [...track.time, ...held],
          [...track.value, ...held.map(() => last ?? null)],
        ],
        false,
      );
      plot.setScale("x", { min: now - WINDOWS_S[span], max: now });
    };
    draw();
    const unfollow = follow(live.values, track, device, signal.key);
    const timer = setInterval(
      () => {
        if (!document.hidden) draw();
      },
      span === "window15" ? REDRAW_MS : REDRAW_MS * 20,
    );
    const sizes = new ResizeObserver(() =>
      plot.setSize({ width: container.clientWidth, height: HEIGHT_PX }),
    );
    sizes.observe(container);
    return () => {
      unfollow();
      clearInterval(timer);
      sizes.disconnect();
      plot.destroy();
    };
  }, [stored, track, live, device, signal, span, language, theme]);

  return (
    <div
      ref={box}
      className="plot"
      role="img"
      aria-label={`${t("card.chart")}: ${say(signal.name)}`}
    />
  );
}

interface Marks {
  incidents: () => readonly IncidentOut[];
  dropped: readonly [number, number][];
}

const CLOCK = "{HH}:{mm}";

function options(
  width: number,
  signal: SignalOut,
  language: "en" | "ru",
  marks: Marks,
): uPlot.Options {
  // A value is reported when it changes: until the next one it holds, it does not slope.
  const stepped = uPlot.paths.stepped?.({ align: 1 });
  const grid = { stroke: token("line"), width: 1 };
  const axis = {
    stroke: token("ink-faint"),
    font: `11px ${token("font")}`,
    grid,
    ticks: { show: false },
  };
  const unit = unitIn(signal.unit, language);
  return {
    width,
    height: HEIGHT_PX,
    padding: [10, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false } },
    scales: { y: { range: (_plot, low, high) => padded(low, high) } },
    axes: [
      { ...axis, space: 70, size: 24, values: (_plot, times) => times.map(uPlotTime) },
      {
        ...axis,
        size: 56,
        space: 30,
        values: (_plot, ticks) =>
          ticks.map((tick) => `${tick.toLocaleString(language)}${unit && ` ${unit}`}`),
      },
    ],
    series: [
      {},
      {
        stroke: token("trace"),
        width: 1.5,
        points: { show: false },
        spanGaps: false,
        ...(stepped && { paths: stepped }),
      },
    ],
    hooks: {
      drawClear: [(plot) => drawDropped(plot, marks.dropped)],
      draw: [(plot) => drawMarks(plot, signal, marks.incidents())],
    },
  };
}

const uPlotTime = (time: number) => uPlot.fmtDate(CLOCK)(new Date(time * 1000));

function padded(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  const pad = (high - low) * 0.12 || Math.max(Math.abs(high) * 0.05, 0.5);
  return [low - pad, high + pad];
}

/** Shade the spans of which nothing was kept. */
function drawDropped(plot: uPlot, spans: readonly [number, number][]): void {
  const { ctx, bbox } = plot;
  ctx.fillStyle = token("line");
  for (const span of spans) {
    const [left, right] = span.map((time) => {
      const x = plot.valToPos(time, "x", true);
      return Math.min(Math.max(x, bbox.left), bbox.left + bbox.width);
    }) as [number, number];
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
  }
}

/** Draw where incidents of this device began, and the signal's limits where they are in sight. */
function drawMarks(plot: uPlot, signal: SignalOut, incidents: readonly IncidentOut[]): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.lineWidth = ratio;
  ctx.setLineDash([4 * ratio, 4 * ratio]);
  ctx.strokeStyle = token("limit");
  for (const limit of [signal.minimum, signal.maximum]) {
    if (limit === null) continue;
    const y = plot.valToPos(limit, "y", true);
    if (y > bbox.top && y < bbox.top + bbox.height)
      line(ctx, bbox.left, y, bbox.left + bbox.width, y);
  }
  for (const incident of incidents) {
    const x = plot.valToPos(Date.parse(incident.raised_at) / 1000, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.strokeStyle = ctx.fillStyle = token(incident.severity);
    line(ctx, x, bbox.top, x, bbox.top + bbox.height);
    ctx.beginPath();
    ctx.arc(x, bbox.top, 3 * ratio, 0, 2 * Math.PI);
    ctx.fill();
  }
  ctx.restore();
}

function line(ctx: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number): void {
  ctx.beginPath();
  ctx.moveTo(x1, y1);
  ctx.lineTo(x2, y2);
  ctx.stroke();
}
