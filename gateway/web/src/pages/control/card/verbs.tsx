import { useMutation, useQueryClient } from "@tanstack/react-query";
import { addNote, moveCase } from "../../../api/calls";
import { keys } from "../../../api/keys";
import { ApiError } from "../../../api/problem";
import type { CaseDetail, CaseRow, Verb } from "../../../api/types";
import { useDraft } from "../../../format/draft";
import { mergeCases } from "../../../live/merge";
import { useLive } from "../../../live/react";
import { useWords } from "../../../i18n/text";
import { Icon } from "../../../parts/icon";
import { Trouble } from "../../../parts/trouble";

export const VERBS = ["accept", "resolve", "close", "overrule", "reopen"] as const satisfies readonly Verb[];
const PLAIN: readonly Verb[] = ["overrule", "reopen"];
const STALE = 409;

/** Move a case with a verb, or add a note: both carry the version that was on the screen. */
export function useMove(row: Pick<CaseRow, "id" | "version">) {
  const cache = useQueryClient();
  const live = useLive();
  return useMutation({
    mutationFn: ({ verb, note }: { verb: Verb | "note"; note: string }) => {
      const body = { version: row.version, note };
      return verb === "note" ? addNote(row.id, body) : moveCase(verb, row.id, body);
    },
    onSuccess: (detail) => {
      cache.setQueryData(keys.case(row.id), detail);
      cache.setQueryData(
        keys.cases("open"),
        (rows?: CaseRow[]) => rows && mergeCases(rows, [detail], live.now()),
      );
    },
    onError: (error) => {
      const stale = error instanceof ApiError && error.status === STALE;
      if (stale) void cache.invalidateQueries({ queryKey: keys.case(row.id) });
    },
  });
}

/** Note and verbs of a case; what is missing before it can be closed stands beside them. */
export function Verbs({ detail }: { detail: CaseDetail }) {
  const { t, say } = useWords();
  const [note, setNote, clearNote] = useDraft(`note.${detail.id}`, "");
  const move = useMove(detail);
  const run = (verb: Verb | "note") =>
    move.mutate({ verb, note: note.trim() }, { onSuccess: clearNote });
  const allowed = VERBS.filter((verb) => detail.allowed.includes(verb));
  // A hundred lamps lack the same proof: it is said once.
  const missing = [...new Set(detail.missing_proof.map(say))];
  return (
    <footer className="verbs">
      {missing.length > 0 && (
        <div className="missing">
          <h3 className="label">{t("card.missing")}</h3>
          <ul>
            {missing.map((each) => (
              <li key={each}>
                <Icon name="warning" size={13} />
                {each}
              </li>
            ))}
          </ul>
        </div>
      )}
      <Trouble error={move.error} />
      <textarea
        className="input"
        rows={1}
        maxLength={2000}
        aria-label={t("card.note")}
        placeholder={t("card.notePlaceholder")}
        title={t("card.withNote")}
        value={note}
        onChange={(event) => setNote(event.target.value)}
      />
      <div className="actions">
        <button
          type="button"
          className="button"
          disabled={!note.trim() || move.isPending}
          onClick={() => run("note")}
        >
          {t("card.addNote")}
        </button>
        <span className="spring" />
        {allowed.map((verb) => {
          const blocked =
            (verb === "close" && missing.length > 0) || (verb === "overrule" && !note.trim());
          return (
            <button
              key={verb}
              type="button"
              data-verb={verb}
              className={PLAIN.includes(verb) ? "button" : "button solid"}
              disabled={move.isPending || blocked}
              title={verb === "overrule" ? t("card.overruleHint") : undefined}
              onClick={() => run(verb)}
            >
              {t(`verb.${verb}`)}
            </button>
          );
        })}
      </div>
    </footer>
  );
}
