import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { getConsumption, getMeters } from "../../api/calls";
import { keys } from "../../api/keys";
import type { Consumption, MeterOut } from "../../api/types";
import { useTime } from "../../format/time";
import { unitIn } from "../../format/value";
import { useWords } from "../../i18n/text";
import { leave, SignedIn, useMe } from "../../parts/signed-in";
import { Trouble, Waiting } from "../../parts/trouble";
import { PortalFrame } from "../portal/frame";
import { useAmounts } from "./amounts";
import { Bars } from "./bars";
import { EnterReading } from "./enter-reading";
import "./meters.css";
import { monthBefore } from "./months";

const MONTHS_BACK = 11;
const STEPS = ["day", "month"] as const;
type Step = (typeof STEPS)[number];

export default function MyMetersPage() {
  const { t } = useWords();
  return (
    <PortalFrame>
      <h1>{t("meters.mine")}</h1>
      <SignedIn live={false}>
        <MyMeters />
      </SignedIn>
    </PortalFrame>
  );
}

function MyMeters() {
  const { t, say } = useWords();
  const me = useMe();
  const isResident = me.role === "resident";
  const meters = useQuery({
    queryKey: keys.meters(me.place),
    queryFn: () => getMeters(me.place),
    enabled: isResident,
  });
  const [step, setStep] = useState<Step>("day");
  if (!isResident) {
    return (
      <p className="quiet-state">
        {t("meters.forResidents")} <Link href="/meters">{t("meters.byHouse")}</Link>
      </p>
    );
  }
  if (!meters.data) {
    return meters.error ? (
      <Trouble error={meters.error} retry={() => void meters.refetch()} />
    ) : (
      <Waiting />
    );
  }
  return (
    <div className="meters">
      <div className="who">
        <p className="lead">{meters.data[0] ? say(meters.data[0].address) : say(me.place_name)}</p>
        <button type="button" className="button quiet" onClick={() => void leave()}>
          {t("session.signOut")}
        </button>
      </div>
      {meters.data.length === 0 && <p className="quiet-state">{t("meters.noneOfFlat")}</p>}
      {meters.data.length > 0 && (
        <label className="by">
          {t("meters.step")}
          <select
            className="input"
            value={step}
            onChange={(event) => setStep(event.target.value as Step)}
          >
            {STEPS.map((each) => (
              <option key={each} value={each}>
                {t(`meters.${each}`)}
              </option>
            ))}
          </select>
        </label>
      )}
      {meters.data.map((meter) => (
        <Meter key={meter.asset} meter={meter} step={step} />
      ))}
    </div>
  );
}

function Meter({ meter, step }: { meter: MeterOut; step: Step }) {
  const { t, language } = useWords();
  const time = useTime();
  const start = monthBefore(new Date(), step === "day" ? 0 : MONTHS_BACK);
  const taken = useQuery({
    queryKey: keys.consumption(meter.asset, `${step} ${start}`),
    queryFn: () => getConsumption(meter.asset, step, start),
  });
  const resource = t(`meters.resource.${meter.resource}`);
  return (
    <section>
      <h2>{resource}</h2>
      <p className={meter.verification === "overdue" ? "overdue" : undefined}>
        {t(`meters.verification.${meter.verification}`, {
          date: meter.verified_until ? time.date(meter.verified_until) : "",
        })}
      </p>
      <p className="faint">
        {[
          meter.serial,
          meter.seal && t("meters.seal", { seal: meter.seal }),
          ...meter.prices.map(
            ({ zone, price, currency }) =>
              `${zone} ${t("meters.price", { price, currency, unit: unitIn(meter.unit, language) })}`,
          ),
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      {taken.error && <Trouble error={taken.error} retry={() => void taken.refetch()} />}
      {taken.data && <Steps taken={taken.data} step={step} resource={resource} />}
      <EnterReading meter={meter} />
    </section>
  );
}

function Steps({ taken, step, resource }: { taken: Consumption; step: Step; resource: string }) {
  const { t, language } = useWords();
  const time = useTime();
  const { amount, cost, known } = useAmounts(taken.unit, taken.currency);
  const written = new Intl.DateTimeFormat(language === "en" ? "en-GB" : "ru-RU", {
    timeZone: "UTC",
    ...(step === "day" ? { day: "numeric", month: "long" } : { month: "long", year: "numeric" }),
  });
  const rows = taken.steps.filter((each) => each.amount !== null).reverse();
  return (
    <>
      <Bars
        steps={taken.steps}
        unit={taken.unit}
        step={step}
        label={t("meters.chart", { resource })}
      />
      {taken.breaks.map((each) => (
        <p key={`${each.at} ${each.zone}`} className="faint">
          {t(`meters.break.${each.kind}`, { date: time.date(each.at) })}
        </p>
      ))}
      <table>
        <thead>
          <tr>
            {(["time", "amount", "cost", "known"] as const).map((column) => (
              <th key={column} scope="col">
                {t(`meters.column.${column}`)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((each) => (
            <tr key={each.start}>
              <th scope="row">{written.format(Date.parse(each.start))}</th>
              <td>{amount(each.amount)}</td>
              <td>{cost(each.cost)}</td>
              <td>{known(each)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{t("meters.total")}</th>
            <td>{amount(taken.total.amount)}</td>
            <td>{cost(taken.total.cost)}</td>
            <td>{known(taken.total)}</td>
          </tr>
        </tfoot>
      </table>
    </>
  );
}
