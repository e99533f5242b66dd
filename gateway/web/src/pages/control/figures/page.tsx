import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { alarmFiguresUrl, getAlarmFigures, type AlarmFigures } from "../../../api/alarms";
import { getPlaces } from "../../../api/calls";
import { keys } from "../../../api/keys";
import { useValue } from "../../../format/value";
import { useWords } from "../../../i18n/text";
import { useLive } from "../../../live/react";
import { useAssetName } from "../../../parts/asset-name";
import { PriorityMark } from "../../../parts/priority";
import { SignedIn, useMe } from "../../../parts/signed-in";
import { Trouble, Waiting } from "../../../parts/trouble";
import { Frame } from "../../admin/frame";
import { Bars } from "../../meters/bars";
import "./figures.css";

const DAYS = [1, 7, 30, 365];
const USUAL = 7;
const DAY_MS = 86_400_000;
const CONSOLES = new Set(["region", "municipality"]);

export default function FiguresPage() {
  const { t } = useWords();
  return (
    <SignedIn>
      <Frame>
        <div className="alarm-figures">
          <h1>{t("alarms.figures")}</h1>
          <Console />
        </div>
      </Frame>
    </SignedIn>
  );
}

function Console() {
  const { t, say, language } = useWords();
  const me = useMe();
  const live = useLive();
  const [place, setPlace] = useState(me.place);
  const [days, setDays] = useState(USUAL);
  const [until] = useState(() => live.now());
  const period = {
    place,
    since: new Date(until - days * DAY_MS).toISOString(),
    until: new Date(until).toISOString(),
  };
  const places = useQuery({ queryKey: keys.places, queryFn: getPlaces });
  const figures = useQuery({
    queryKey: ["alarm-figures", period],
    queryFn: () => getAlarmFigures(period),
  });
  const consoles = (places.data ?? []).filter(
    (each) => CONSOLES.has(each.kind) || each.id === me.place,
  );
  return (
    <>
      <div className="tools">
        <label>
          {t("alarms.console")}
          <select
            className="input"
            value={place}
            onChange={(event) => setPlace(event.target.value)}
          >
            {consoles.map((each) => (
              <option key={each.id} value={each.id}>
                {say(each.name)}
              </option>
            ))}
          </select>
        </label>
        <label>
          {t("alarms.period")}
          <select
            className="input"
            value={days}
            onChange={(event) => setDays(Number(event.target.value))}
          >
            {DAYS.map((each) => (
              <option key={each} value={each}>
                {t("alarms.days", { count: each })}
              </option>
            ))}
          </select>
        </label>
        <a className="button" href={alarmFiguresUrl(period, language)} download>
          {t("alarms.download")}
        </a>
      </div>
      <Trouble error={figures.error} retry={() => void figures.refetch()} />
      {figures.isPending && <Waiting />}
      {figures.data && <Shown figures={figures.data} />}
    </>
  );
}

function Shown({ figures }: { figures: AlarmFigures }) {
  const { t } = useWords();
  const { days } = figures;
  const steps = (values: readonly number[]) =>
    days.day.map((start, at) => ({ start, amount: values[at] ?? null }));
  return (
    <>
      <Table figures={figures} />
      <div className="plots">
        <figure>
          <figcaption>{t("alarms.byDay")}</figcaption>
          <Bars steps={steps(days.alarms)} unit="1" step="day" label={t("alarms.byDay")} />
        </figure>
        <figure>
          <figcaption>{t("alarms.floodByDay")}</figcaption>
          <Bars
            steps={steps(days.flood_minutes)}
            unit="min"
            step="day"
            label={t("alarms.floodByDay")}
          />
        </figure>
        <figure>
          <figcaption>{t("alarms.staleByDay")}</figcaption>
          <Bars steps={steps(days.stale)} unit="1" step="day" label={t("alarms.staleByDay")} />
        </figure>
      </div>
      <Frequent figures={figures} />
    </>
  );
}

function Table({ figures }: { figures: AlarmFigures }) {
  const { t } = useWords();
  const value = useValue();
  return (
    <table>
      <caption>{t("alarms.toldOf", { count: figures.alarms })}</caption>
      <thead>
        <tr>
          {(["figure", "value", "target", "limit", "verdict"] as const).map((each) => (
            <th key={each} scope="col">
              {t(`alarms.column.${each}`)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {figures.figures.map((figure) => {
          const bound = (number: number | null) =>
            number === null
              ? ""
              : `${figure.least ? "≥" : "≤"} ${value.withUnit(number, figure.unit)}`;
          return (
            <tr key={figure.name} className={figure.verdict}>
              <th scope="row">{t(`alarms.name.${figure.name}`)}</th>
              <td>{value.withUnit(figure.value, figure.unit)}</td>
              <td>{bound(figure.target)}</td>
              <td>{bound(figure.limit)}</td>
              <td>{figure.verdict !== "none" && t(`alarms.verdict.${figure.verdict}`)}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Frequent({ figures }: { figures: AlarmFigures }) {
  const { t, say } = useWords();
  const value = useValue();
  const assetName = useAssetName();
  if (!figures.frequent.length) return null;
  return (
    <table>
      <caption>{t("alarms.frequent")}</caption>
      <thead>
        <tr>
          {(["alarm", "asset", "count", "share"] as const).map((each) => (
            <th key={each} scope="col">
              {t(`alarms.column.${each}`)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {figures.frequent.map((each) => (
          <tr key={`${each.device} ${each.condition}`}>
            <th scope="row">
              <PriorityMark priority={each.severity} size={17} /> {say(each.name)}
            </th>
            <td>
              {each.asset ? (
                <Link href={`/control/asset/${encodeURIComponent(each.asset)}`}>
                  {assetName(each.asset)}
                </Link>
              ) : (
                each.device
              )}
            </td>
            <td>{each.count}</td>
            <td>{value.withUnit(each.share, "%")}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
