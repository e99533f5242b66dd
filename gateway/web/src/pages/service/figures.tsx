import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import {
  getServiceFigures,
  serviceFiguresUrl,
  type Asked,
  type By,
  type ServiceLine,
} from "../../api/service";
import { useValue } from "../../format/value";
import { useWords } from "../../i18n/text";
import { SignedIn } from "../../parts/signed-in";
import { Trouble, Waiting } from "../../parts/trouble";
import { Frame } from "../admin/frame";
import "./service.css";

const WAYS: readonly By[] = ["municipality", "executor", "kind"];
const DAYS = [1, 7, 30, 365];
const USUAL = 30;
const DAY_MS = 86_400_000;
const HUNDRED = 100;

export default function ServiceFigures() {
  const { t } = useWords();
  return (
    <SignedIn live={false}>
      <Frame>
        <div className="service">
          <h1>{t("service.title")}</h1>
          <Figures />
        </div>
      </Frame>
    </SignedIn>
  );
}

function Figures() {
  const { t, language } = useWords();
  const [by, setBy] = useState<By>("municipality");
  const [days, setDays] = useState(USUAL);
  const [until] = useState(() => Date.now());
  const asked: Asked = {
    by,
    since: new Date(until - days * DAY_MS).toISOString(),
    until: new Date(until).toISOString(),
  };
  const figures = useQuery({
    queryKey: ["service-figures", asked],
    queryFn: () => getServiceFigures(asked),
  });
  return (
    <>
      <div className="tools">
        <label>
          {t("service.by")}
          <select
            className="input"
            value={by}
            onChange={(event) => setBy(WAYS.find((way) => way === event.target.value) ?? by)}
          >
            {WAYS.map((way) => (
              <option key={way} value={way}>
                {t(`service.way.${way}`)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t("service.period")}
          <select
            className="input"
            value={days}
            onChange={(event) => setDays(Number(event.target.value))}
          >
            {DAYS.map((each) => (
              <option key={each} value={each}>
                {t("service.days", { count: each })}
              </option>
            ))}
          </select>
        </label>
        <a className="button" href={serviceFiguresUrl(asked, language)} download>
          {t("service.download")}
        </a>
      </div>
      <Trouble error={figures.error} retry={() => void figures.refetch()} />
      {figures.isPending && <Waiting />}
      {figures.data?.lines.length === 0 && <p className="quiet-state">{t("service.none")}</p>}
      {figures.data && figures.data.lines.length > 0 && (
        <Table lines={figures.data.lines} clocks={figures.data.clocks} />
      )}
    </>
  );
}

const COLUMNS = [
  "opened",
  "closed",
  "open",
  "overdue",
  "onTime",
  "hours",
  "reopened",
  "appeals",
  "joined",
  "fixed",
  "notFixed",
] as const;

function Table({
  lines,
  clocks,
}: {
  lines: readonly ServiceLine[];
  clocks: Record<string, Record<string, string>>;
}) {
  const { t, say } = useWords();
  const value = useValue();
  const percent = (share: number | null) =>
    share === null ? "–" : value.withUnit(Math.round(share * HUNDRED), "%");
  return (
    // What scrolls must be reachable by keyboard.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="table" role="region" aria-label={t("service.title")} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t("service.name")}</th>
            {COLUMNS.map((column) => (
              <th key={column} scope="col">
                {t(`service.column.${column}`)}
              </th>
            ))}
            {Object.entries(clocks).map(([clock, label]) => (
              <th key={clock} scope="col">
                {t("service.missed", { label: say(label) })}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={line.key}>
              <th scope="row">{say(line.name)}</th>
              <td>{line.opened}</td>
              <td>{line.closed}</td>
              <td>{line.open_at_end}</td>
              <td className={line.overdue_at_end ? "late" : undefined}>{line.overdue_at_end}</td>
              <td>{percent(line.on_time)}</td>
              <td>{line.hours === null ? "–" : line.hours.toFixed(1)}</td>
              <td>{percent(line.reopened)}</td>
              <td>{line.appeals}</td>
              <td>{line.joined}</td>
              <td>{line.fixed}</td>
              <td>{line.not_fixed}</td>
              {Object.keys(clocks).map((clock) => (
                <td key={clock}>{line.breaches[clock] ?? 0}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
