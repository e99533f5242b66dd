import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { getRouting, putRouting, routingSheetUrl, tryRouting } from "../../../api/calls";
import { keys } from "../../../api/keys";
import { ApiError } from "../../../api/problem";
import { useWords } from "../../../i18n/text";
import { SignedIn } from "../../../parts/signed-in";
import { Trouble, Waiting } from "../../../parts/trouble";
import { Frame } from "../frame";
import { Rows } from "./rows";
import { TrialResult } from "./trial";

export default function Routing() {
  return (
    <SignedIn>
      <Frame>
        <Table />
      </Frame>
    </SignedIn>
  );
}

/** The table in force; a sheet is first tried on past days, then put in force. */
function Table() {
  const { t, language } = useWords();
  const cache = useQueryClient();
  const table = useQuery({ queryKey: keys.routing, queryFn: getRouting });
  const [sheet, setSheet] = useState<File | null>(null);
  const [since, setSince] = useState("");
  const [until, setUntil] = useState("");
  const trial = useMutation({
    mutationFn: (chosen: File) => tryRouting(chosen, since, until),
  });
  const apply = useMutation({
    mutationFn: ({ chosen, revision }: { chosen: File; revision: number }) =>
      putRouting(chosen, revision),
    onSuccess: () => {
      trial.reset();
      setSheet(null);
      void cache.invalidateQueries({ queryKey: keys.routing });
    },
  });
  return (
    <>
      <h1>{t("routing.title")}</h1>
      <section>
        <h2>{t("routing.try")}</h2>
        <p className="faint">{t("routing.how")}</p>
        <form
          className="tools"
          onSubmit={(event) => {
            event.preventDefault();
            apply.reset();
            if (sheet) trial.mutate(sheet);
          }}
        >
          <input
            type="file"
            className="input"
            accept=".csv,.xlsx"
            aria-label={t("routing.sheet")}
            onChange={(event) => {
              trial.reset();
              setSheet(event.target.files?.[0] ?? null);
            }}
          />
          <input
            type="date"
            className="input"
            aria-label={t("routing.since")}
            value={since}
            onChange={(event) => setSince(event.target.value)}
          />
          <input
            type="date"
            className="input"
            aria-label={t("routing.until")}
            value={until}
            onChange={(event) => setUntil(event.target.value)}
          />
          <button type="submit" className="button" disabled={!sheet || trial.isPending}>
            {t("routing.run")}
          </button>
          <a className="button" href={routingSheetUrl(language)}>
            {t("routing.export")}
          </a>
        </form>
        {trial.isPending && <Waiting />}
        <Trouble error={trial.error ?? apply.error} />
        <Faults error={trial.error} />
        {trial.data && sheet && (
          <>
            <TrialResult trial={trial.data} />
            <button
              type="button"
              className="button solid"
              disabled={apply.isPending || trial.data.changes.length === 0}
              onClick={() => apply.mutate({ chosen: sheet, revision: trial.data.revision })}
            >
              {t("routing.apply")}
            </button>
          </>
        )}
      </section>
      <section>
        <h2>{t("routing.inForce")}</h2>
        {table.isPending && <Waiting />}
        <Trouble error={table.error} retry={() => void table.refetch()} />
        {table.data && <Rows rows={table.data.rows} />}
      </section>
    </>
  );
}

/** Everything that is wrong with a sheet, by its lines. */
function Faults({ error }: { error: Error | null }) {
  const faults = error instanceof ApiError ? (error.problem?.errors ?? []) : [];
  return (
    <ul>
      {faults.map((each) => (
        <li key={each["message"]}>{each["message"]}</li>
      ))}
    </ul>
  );
}
