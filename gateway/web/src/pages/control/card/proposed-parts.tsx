import { useMutation, useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { takeApart } from "../../../api/apart";
import { getCategories } from "../../../api/calls";
import { keys } from "../../../api/keys";
import { readWords } from "../../../api/known";
import type { AppealOut, CaseDetail } from "../../../api/types";
import { useWords } from "../../../i18n/text";
import { Trouble } from "../../../parts/trouble";
import { Section } from "./section";
import "./proposed-parts.css";

/** Messages that seem to tell of several troubles: one press gives each its own case and clock. */
export function ProposedParts({ detail }: { detail: CaseDetail }) {
  const { t } = useWords();
  const several = detail.appeal_list.filter((appeal) => appeal.parts.length > 1);
  if (!detail.sortable || !several.length) return null;
  return (
    <Section title={t("apart.title")}>
      {several.map((appeal) => (
        <Parts key={appeal.number} detail={detail} appeal={appeal} />
      ))}
    </Section>
  );
}

const MOST = 4000; // characters that are read
const groupOf = (category: string) => category.split(".")[0];

function Parts({ detail, appeal }: { detail: CaseDetail; appeal: AppealOut }) {
  const { t, say } = useWords();
  const cache = useQueryClient();
  const [chosen, setChosen] = useState<Record<number, string>>({});
  const categories = useQuery({ queryKey: keys.categories, queryFn: getCategories });
  const read = useQueries({
    queries: appeal.parts.map((words) => ({
      queryKey: ["reading", words],
      queryFn: () => readWords(words.slice(0, MOST)),
    })),
  });
  const apart = useMutation({
    mutationFn: (troubles: { text: string; category: string }[]) =>
      takeApart(detail.id, { version: detail.version, note: "", appeal: appeal.number, troubles }),
    onSuccess: (whole) => {
      cache.setQueryData(keys.case(whole.id), whole);
      void cache.invalidateQueries({ queryKey: keys.cases("open") });
    },
    onError: () => void cache.invalidateQueries({ queryKey: keys.case(detail.id) }),
  });
  // What the case is about already stays with the whole message.
  const categoryOf = (at: number) => {
    const likely = read[at]?.data?.suggestions[0]?.category ?? "";
    return chosen[at] ?? (groupOf(likely) === groupOf(detail.category) ? "" : likely);
  };
  const troubles = appeal.parts
    .map((text, at) => ({ text, category: categoryOf(at) }))
    .filter((each) => each.category);
  return (
    <form
      className="proposed-parts"
      aria-label={t("apart.parts", { number: appeal.number })}
      onSubmit={(event) => {
        event.preventDefault();
        apart.mutate(troubles);
      }}
    >
      <p className="faint">{t("apart.lead", { number: appeal.number })}</p>
      <ol>
        {appeal.parts.map((words, at) => (
          <li key={words}>
            <label>
              <span className="said">{words}</span>
              <select
                className="input"
                value={categoryOf(at)}
                disabled={apart.isPending}
                onChange={(event) => setChosen({ ...chosen, [at]: event.target.value })}
              >
                <option value="">{t("apart.stays")}</option>
                {categories.data?.map((each) => (
                  <option key={each.code} value={each.code}>
                    {say(each.name)}
                  </option>
                ))}
              </select>
            </label>
          </li>
        ))}
      </ol>
      <button type="submit" className="button" disabled={!troubles.length || apart.isPending}>
        {t("apart.take", { count: troubles.length })}
      </button>
      <Trouble error={apart.error} />
    </form>
  );
}
