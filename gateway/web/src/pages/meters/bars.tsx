import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import "../../parts/chart.css";
import type { Taken } from "../../api/types";
import { token, useTheme } from "../../format/theme";
import { unitIn } from "../../format/value";
import { useWords } from "../../i18n/text";

const HEIGHT_PX = 168;
const BAR_SHARE = 0.7;
const WIDEST_PX = 40;

interface Props {
  steps: readonly Pick<Taken, "start" | "amount">[];
  unit: string;
  step: "day" | "month";
  label: string;
}

/** What was taken, a bar a step; where nothing is known there is none. */
export function Bars({ steps, unit, step, label }: Props) {
  const { language } = useWords();
  const theme = useTheme();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const container = box.current;
    if (!container) return;
    const axis = {
      stroke: token("ink-faint"),
      font: `11px ${token("font")}`,
      grid: { stroke: token("line"), width: 1 },
      ticks: { show: false },
    };
    const written = new Intl.DateTimeFormat(language === "en" ? "en-GB" : "ru-RU", {
      timeZone: "UTC",
      ...(step === "day" ? { day: "2-digit", month: "2-digit" } : { month: "short", year: "2-digit" }),
    });
    const bars = uPlot.paths.bars?.({ size: [BAR_SHARE, WIDEST_PX] });
    const plot = new uPlot(
      {
        width: container.clientWidth,
        height: HEIGHT_PX,
        padding: [10, 8, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false, range: (_plot, low, high) => [low - 0.6, high + 0.6] },
          y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.1 : 1] },
        },
        axes: [
          {
            ...axis,
            size: 24,
            space: 56,
            incrs: [1, 2, 5, 10, 20, 50, 100],
            values: (_plot, ticks) =>
              ticks.map((tick) => {
                const start = steps[tick]?.start;
                return start ? written.format(Date.parse(start)) : "";
              }),
          },
          {
            ...axis,
            size: 64,
            space: 30,
            values: (_plot, ticks) =>
              ticks.map((tick) => `${tick.toLocaleString(language)} ${unitIn(unit, language)}`),
          },
        ],
        series: [{}, { fill: token("trace"), width: 0, points: { show: false }, ...(bars && { paths: bars }) }],
      },
      [steps.map((_, at) => at), steps.map(({ amount }) => amount ?? null)],
      container,
    );
    const sizes = new ResizeObserver(() =>
      plot.setSize({ width: container.clientWidth, height: HEIGHT_PX }),
    );
    sizes.observe(container);
    return () => {
      sizes.disconnect();
      plot.destroy();
    };
  }, [steps, unit, step, language, theme]);
  return <div ref={box} className="plot" role="img" aria-label={label} />;
}
