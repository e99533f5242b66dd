import { useId, useState } from "react";
import { suppress } from "../../../api/calls";
import type { Suppress } from "../../../api/types";
import { useWords } from "../../../i18n/text";
import { useMe } from "../../../parts/signed-in";
import { Trouble } from "../../../parts/trouble";
import { useSuppressing } from "../use-suppressions";

const WAYS = ["out_of_service", "suppressed"] as const satisfies readonly Suppress["why"][];

/** Take an asset out of service, or suppress it for planned works: for administrators. */
export function SuppressAsset({ asset }: { asset: string }) {
  const { t } = useWords();
  const { role } = useMe();
  const id = useId();
  const [why, setWhy] = useState<Suppress["why"]>("out_of_service");
  const [until, setUntil] = useState("");
  const [reason, setReason] = useState("");
  const [order, setOrder] = useState("");
  const [below, setBelow] = useState(false);
  const suppressing = useSuppressing(suppress);
  if (role !== "administrator") return null;
  const send = () =>
    suppressing.mutate({
      why,
      asset,
      device: "",
      below,
      since: null,
      until: until ? new Date(until).toISOString() : null,
      reason,
      order,
    });
  return (
    <details>
      <summary>{t("quiet.suppress")}</summary>
      <form
        className="quiet-form"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <label htmlFor={`${id}-why`}>{t("quiet.why")}</label>
        <select
          id={`${id}-why`}
          className="input"
          value={why}
          onChange={(event) => setWhy(event.target.value as Suppress["why"])}
        >
          {WAYS.map((way) => (
            <option key={way} value={way}>
              {t(`incidentState.${way}`)}
            </option>
          ))}
        </select>
        <label htmlFor={`${id}-until`}>{t("quiet.ends")}</label>
        <input
          id={`${id}-until`}
          type="datetime-local"
          className="input"
          required={why === "suppressed"}
          value={until}
          onChange={(event) => setUntil(event.target.value)}
        />
        <label htmlFor={`${id}-reason`}>{t("quiet.reason")}</label>
        <input
          id={`${id}-reason`}
          className="input"
          required
          maxLength={500}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
        <label htmlFor={`${id}-order`}>{t("quiet.order")}</label>
        <input
          id={`${id}-order`}
          className="input"
          required={why === "out_of_service"}
          maxLength={100}
          value={order}
          onChange={(event) => setOrder(event.target.value)}
        />
        <label>
          <input
            type="checkbox"
            checked={below}
            onChange={(event) => setBelow(event.target.checked)}
          />
          {t("quiet.below")}
        </label>
        <button type="submit" className="button solid" disabled={suppressing.isPending}>
          {t("quiet.suppress")}
        </button>
        <Trouble error={suppressing.error} />
      </form>
    </details>
  );
}
