import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useParams } from "wouter";
import { closedPeriod, getBalance, getMeters } from "../../api/calls";
import { keys } from "../../api/keys";
import type { MeterOut, ResourceBalance } from "../../api/types";
import { useTime } from "../../format/time";
import { useValue } from "../../format/value";
import { useWords } from "../../i18n/text";
import { SignedIn, useMe } from "../../parts/signed-in";
import { Trouble, Waiting } from "../../parts/trouble";
import { ChoosePlace } from "../admin/commissioning/choose-place";
import { Frame } from "../admin/frame";
import { useAmounts } from "./amounts";
import "./meters.css";
import { lastMonths, nextMonth } from "./months";
import { ReplaceMeter } from "./replace-meter";
import { SentReadings } from "./sent-readings";

const NAMED = 3;
const ORDER = ["overdue", "due", "unknown", "valid"] as const;

export default function HousePage() {
  const { t } = useWords();
  const { place } = useParams<{ place?: string }>();
  return (
    <SignedIn>
      <Frame>
        <div className="meters">
          <h1>{t("meters.title")}</h1>
          {place ? (
            <House key={place} place={place} />
          ) : (
            <ChoosePlace lead={t("meters.lead")} base="/meters" />
          )}
        </div>
      </Frame>
    </SignedIn>
  );
}

function House({ place }: { place: string }) {
  const { t, say, language } = useWords();
  const months = lastMonths(new Date());
  const [month, setMonth] = useState(months[0] ?? "");
  const balance = useQuery({
    queryKey: keys.balance(place, month),
    queryFn: () => getBalance(place, month, nextMonth(month)),
  });
  const written = new Intl.DateTimeFormat(language === "en" ? "en-GB" : "ru-RU", {
    timeZone: "UTC",
    month: "long",
    year: "numeric",
  });
  return (
    <>
      <section>
        <h2>{balance.data ? say(balance.data.address) : place}</h2>
        <div className="tools">
          <label className="by">
            {t("meters.period")}
            <select
              className="input"
              value={month}
              onChange={(event) => setMonth(event.target.value)}
            >
              {months.map((each) => (
                <option key={each} value={each}>
                  {written.format(Date.parse(each))}
                </option>
              ))}
            </select>
          </label>
          {month !== months[0] && (
            <a className="button" href={closedPeriod(place, month.slice(0, 7), language)} download>
              {t("meters.download")}
            </a>
          )}
        </div>
        {balance.error && <Trouble error={balance.error} retry={() => void balance.refetch()} />}
        {balance.isPending && <Waiting />}
        {balance.data?.resources.length === 0 && <p className="quiet-state">{t("meters.noneOfHouse")}</p>}
        {balance.data && balance.data.resources.length > 0 && (
          <Balance resources={balance.data.resources} />
        )}
      </section>
      <Verifications place={place} />
      <SentReadings place={place} />
    </>
  );
}

function Balance({ resources }: { resources: readonly ResourceBalance[] }) {
  const { t } = useWords();
  return (
    <div className="table">
      <table>
        <caption>{t("meters.balance")}</caption>
        <thead>
          <tr>
            {(["what", "came", "flats", "common", "loss", "known"] as const).map((column) => (
              <th key={column} scope="col">
                {t(`meters.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {resources.map((each) => (
            <Row key={each.resource} balance={each} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ balance }: { balance: ResourceBalance }) {
  const { t, say } = useWords();
  const value = useValue();
  const { amount } = useAmounts(balance.unit, "");
  const missing = balance.meters.filter(({ asset }) => balance.missing.includes(asset));
  const names = missing.slice(0, NAMED).map(({ name }) => say(name));
  const marks = [
    balance.manual > 0 && t("meters.withManual"),
    balance.estimated > 0 && t("meters.withEstimated"),
    missing.length > 0 &&
      t("meters.missingMeters", {
        count: missing.length,
        total: balance.meters.length,
        names: `${names.join("; ")}${missing.length > NAMED ? "…" : ""}`,
      }),
  ].filter(Boolean);
  return (
    <tr>
      <th scope="row">{t(`meters.resource.${balance.resource}`)}</th>
      <td>{amount(balance.house)}</td>
      <td>{amount(balance.flats)}</td>
      <td>{amount(balance.common)}</td>
      <td>
        {amount(balance.loss)}
        {balance.loss_percent !== null && ` (${value.withUnit(balance.loss_percent, "%")})`}
      </td>
      <td>{marks.join("; ")}</td>
    </tr>
  );
}

function Verifications({ place }: { place: string }) {
  const { t, say } = useWords();
  const time = useTime();
  const isAdministrator = useMe().role === "administrator";
  const meters = useQuery({ queryKey: keys.meters(place), queryFn: () => getMeters(place) });
  if (meters.error) return <Trouble error={meters.error} retry={() => void meters.refetch()} />;
  if (!meters.data) return <Waiting />;
  const urgency = ({ verification }: MeterOut) => ORDER.indexOf(verification);
  const order = new Intl.Collator(undefined, { numeric: true });
  const sorted = [...meters.data].sort(
    (a, b) => urgency(a) - urgency(b) || order.compare(say(a.name), say(b.name)),
  );
  if (sorted.length === 0) return null;
  return (
    <section className="table">
      <table>
        <caption>{t("meters.table")}</caption>
        <thead>
          <tr>
            {(["meter", "serial", "sealNumber", "verified"] as const).map((column) => (
              <th key={column} scope="col">
                {t(`meters.${column}`)}
              </th>
            ))}
            {isAdministrator && <th scope="col">{t("replacement.title")}</th>}
          </tr>
        </thead>
        <tbody>
          {sorted.map((meter) => (
            <tr key={meter.asset}>
              <th scope="row">{say(meter.name)}</th>
              <td>{meter.serial}</td>
              <td className={meter.seal ? undefined : "overdue"}>{meter.seal || t("meters.noSeal")}</td>
              <td className={meter.verification === "overdue" ? "overdue" : undefined}>
                {t(`meters.verification.${meter.verification}`, {
                  date: meter.verified_until ? time.date(meter.verified_until) : "",
                })}
              </td>
              {isAdministrator && (
                <td>
                  <ReplaceMeter meter={meter} />
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
