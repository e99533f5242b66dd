import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { getCategories, getExecutors } from "../../api/calls";
import { keys } from "../../api/keys";
import type { PlanForm, PlannedWorks } from "../../api/works";
import { useWords } from "../../i18n/text";
import { Trouble } from "../../parts/trouble";
import { AssetPicker } from "./asset-picker";
import { local, moment } from "./moments";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MORNING = 9;

function tomorrow(): Date {
  const day = new Date(Date.now() + DAY);
  day.setHours(MORNING, 0, 0, 0);
  return day;
}

/** A plan, new or to be changed. Nobody is told of it before it is announced. */
export function PlanFields({
  works,
  error,
  busy,
  onSave,
}: {
  works: PlannedWorks | null;
  error: Error | null;
  busy: boolean;
  onSave: (form: PlanForm) => void;
}) {
  const { t, say } = useWords();
  const categories = useQuery({ queryKey: keys.categories, queryFn: getCategories });
  const executors = useQuery({ queryKey: ["executors"], queryFn: getExecutors });
  const [title, setTitle] = useState(works?.title ?? "");
  const [words, setWords] = useState(works?.words ?? "");
  const [category, setCategory] = useState(works?.category ?? "");
  const [executor, setExecutor] = useState(works?.executor ?? "");
  const [assets, setAssets] = useState(
    works?.assets.map((each) => ({ id: each.id, name: say(each.name) })) ?? [],
  );
  const [since, setSince] = useState(local(works ? new Date(works.since) : tomorrow()));
  const [until, setUntil] = useState(
    local(works ? new Date(works.until) : new Date(tomorrow().getTime() + 4 * HOUR)),
  );
  return (
    <form
      className="plan-fields"
      onSubmit={(event) => {
        event.preventDefault();
        onSave({
          title,
          words,
          category,
          executor,
          assets: assets.map((each) => each.id),
          since: moment(since),
          until: moment(until),
        });
      }}
    >
      <label>
        {t("works.what")}
        <input
          className="input"
          required
          maxLength={200}
          value={title}
          onChange={(event) => setTitle(event.target.value)}
        />
      </label>
      <label>
        {t("works.words")}
        <textarea
          className="input"
          maxLength={2000}
          rows={2}
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
      </label>
      <AssetPicker chosen={assets} onChange={setAssets} />
      <label>
        {t("works.notice")}
        <select
          className="input"
          required
          value={category}
          onChange={(event) => setCategory(event.target.value)}
        >
          <option value="" />
          {categories.data?.map((each) => (
            <option key={each.code} value={each.code}>
              {`${say(each.group)}: ${say(each.name)}`}
            </option>
          ))}
        </select>
      </label>
      <label>
        {t("works.executor")}
        <select
          className="input"
          required
          value={executor}
          onChange={(event) => setExecutor(event.target.value)}
        >
          <option value="" />
          {executors.data?.map((each) => (
            <option key={each.id} value={each.id}>
              {say(each.name)}
            </option>
          ))}
        </select>
      </label>
      <div className="pair">
        <label>
          {t("works.since")}
          <input
            className="input"
            type="datetime-local"
            required
            value={since}
            onChange={(event) => setSince(event.target.value)}
          />
        </label>
        <label>
          {t("works.until")}
          <input
            className="input"
            type="datetime-local"
            required
            min={since}
            value={until}
            onChange={(event) => setUntil(event.target.value)}
          />
        </label>
      </div>
      <Trouble error={error} />
      <button type="submit" className="button solid" disabled={busy || assets.length === 0}>
        {t("works.save")}
      </button>
      {assets.length === 0 && <p className="faint">{t("works.chooseAssets")}</p>}
    </form>
  );
}
