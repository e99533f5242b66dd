import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { classifyCase, getCategories, mergeCase, separateCase } from "../../../api/calls";
import { keys } from "../../../api/keys";
import type { CaseDetail } from "../../../api/types";
import { useWords } from "../../../i18n/text";
import { Trouble } from "../../../parts/trouble";
import { Section } from "./section";

const UNCLEAR = "unclear.appeal";

/** What its appeals are about, and which cases are one: where a person knows better. */
export function Sorting({ detail }: { detail: CaseDetail }) {
  const { t, say } = useWords();
  const [, open] = useLocation();
  const cache = useQueryClient();
  const [into, setInto] = useState("");
  const sort = useMutation({
    mutationFn: (how: () => Promise<CaseDetail>) => how(),
    onSuccess: (sorted) => {
      cache.setQueryData(keys.case(sorted.id), sorted);
      void cache.invalidateQueries({ queryKey: keys.cases("open") });
      if (sorted.id !== detail.id) open(`/control/case/${sorted.id}`);
    },
    onError: () => void cache.invalidateQueries({ queryKey: keys.case(detail.id) }),
  });
  if (!detail.sortable) return null;
  const body = { version: detail.version, note: "" };
  const classify = (category: string) =>
    sort.mutate(() => classifyCase(detail.id, { ...body, category }));
  const other = Number(into);
  return (
    <Section title={t("sorting.title")}>
      {detail.category === UNCLEAR && <p className="notice">{t("sorting.unclear")}</p>}
      {detail.appeals > 0 && <About detail={detail} busy={sort.isPending} onChoose={classify} />}
      <form
        className="sorting-merge"
        onSubmit={(event) => {
          event.preventDefault();
          sort.mutate(() => mergeCase(detail.id, { ...body, into: other }));
        }}
      >
        <label>
          {t("sorting.into")}
          <input
            className="input"
            inputMode="numeric"
            value={into}
            onChange={(event) => setInto(event.target.value.replace(/\D/g, ""))}
          />
        </label>
        <button type="submit" className="button" disabled={!other || sort.isPending}>
          {t("sorting.merge")}
        </button>
      </form>
      <ul className="sorting-merges">
        {detail.merges.map((merge) => (
          <li key={merge.id}>
            <span>{`${t("card.case", { id: merge.case })} · ${say(merge.title)}`}</span>
            <button
              type="button"
              className="button quiet"
              disabled={sort.isPending}
              onClick={() => sort.mutate(() => separateCase(detail.id, { ...body, merge: merge.id }))}
            >
              {t("sorting.separate")}
            </button>
          </li>
        ))}
      </ul>
      <Trouble error={sort.error} />
    </Section>
  );
}

interface AboutProps {
  detail: CaseDetail;
  busy: boolean;
  onChoose: (category: string) => void;
}

/** The five likeliest of the first appeal, and all that there are. */
function About({ detail, busy, onChoose }: AboutProps) {
  const { t, say } = useWords();
  const categories = useQuery({ queryKey: keys.categories, queryFn: getCategories });
  const suggested = detail.appeal_list[0]?.suggestions ?? [];
  return (
    <div className="sorting-about">
      {suggested
        .filter((each) => each.category !== detail.category)
        .map((each) => (
          <button
            key={each.category}
            type="button"
            className="button"
            disabled={busy}
            onClick={() => onChoose(each.category)}
          >
            {`${say(each.name)} · ${Math.round(each.confidence * 100)} %`}
          </button>
        ))}
      <label>
        <span className="hidden">{t("sorting.other")}</span>
        <select
          className="input"
          value=""
          disabled={busy}
          onChange={(event) => onChoose(event.target.value)}
        >
          <option value="">{t("sorting.other")}</option>
          {categories.data?.map((each) => (
            <option key={each.code} value={each.code}>
              {say(each.name)}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

/** What its appeals tell that cannot wait. */
export function Urgent({ kinds }: { kinds: CaseDetail["urgent"] }) {
  const { t } = useWords();
  if (!kinds.length) return null;
  const known = (["gas", "fire", "trapped", "cold_child"] as const).filter((kind) =>
    kinds.includes(kind),
  );
  return <p className="notice">{known.map((kind) => t(`urgent.${kind}`)).join(" · ")}</p>;
}
