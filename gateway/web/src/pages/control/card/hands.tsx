import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { contestCase, decideContest, getExecutors, handOver } from "../../../api/calls";
import { keys } from "../../../api/keys";
import type { CaseDetail } from "../../../api/types";
import { useWords } from "../../../i18n/text";
import { Trouble } from "../../../parts/trouble";
import { useMe } from "../../../parts/signed-in";
import { Section } from "./section";

type Step = "contest" | "decide" | "handOver";

/** Who has the case and why, what of that is contested, and how it goes to somebody else. */
export function Hands({ detail }: { detail: CaseDetail }) {
  const { t, say } = useWords();
  const me = useMe();
  const cache = useQueryClient();
  const [opened, setOpened] = useState(false);
  const move = useMutation({
    mutationFn: ({ step, executor, note }: { step: Step; executor: string; note: string }) => {
      const body = { version: detail.version, note };
      if (step === "contest") return contestCase(detail.id, { ...body, proposed: executor });
      return (step === "decide" ? decideContest : handOver)(detail.id, { ...body, executor });
    },
    onSuccess: (changed) => {
      setOpened(false);
      cache.setQueryData(keys.case(detail.id), changed);
    },
    onError: () => void cache.invalidateQueries({ queryKey: keys.case(detail.id) }),
  });
  const { contest } = detail;
  const isOpen = contest !== null && contest.granted === null;
  const dispatches = me.role !== "executor";
  const step = !dispatches ? "contest" : isOpen ? "decide" : "handOver";
  const may = dispatches
    ? ["new", "routed", "accepted"].includes(detail.state)
    : detail.may_contest;
  return (
    <Section title={t("card.executor")}>
      <p>
        <strong>{say(detail.executor_name) || t("control.noExecutor")}</strong>
        {detail.hands > 0 && (
          <span className="faint">{` · ${t("card.hands", { count: detail.hands })}`}</span>
        )}
      </p>
      <p className="faint">
        <span className="hidden">{t("card.why")}</span>
        {say(detail.reason)}
      </p>
      {contest && (
        <p role={isOpen ? "status" : undefined}>
          {t("card.contested", {
            executor: say(contest.executor_name),
            reason: contest.reason,
          })}
          {contest.proposed &&
            ` ${t("card.contestProposed", { name: say(contest.proposed_name) })}`}
          {!isOpen && ` ${t(contest.granted ? "card.contestGranted" : "card.contestRefused")}`}
        </p>
      )}
      {may && !opened && (
        <button type="button" className="button" onClick={() => setOpened(true)}>
          {t(dispatches ? "card.handOver" : "card.contest")}
        </button>
      )}
      {may && opened && (
        <Give
          step={step}
          proposed={isOpen ? contest.proposed : ""}
          has={detail.executor}
          isWaiting={move.isPending}
          send={(executor, note) => move.mutate({ step, executor, note })}
        />
      )}
      <Trouble error={move.error} />
    </Section>
  );
}

interface GiveProps {
  step: Step;
  proposed: string;
  has: string | null;
  isWaiting: boolean;
  send: (executor: string, note: string) => void;
}

function Give({ step, proposed, has, isWaiting, send }: GiveProps) {
  const { t, say } = useWords();
  const executors = useQuery({ queryKey: keys.executors, queryFn: getExecutors });
  const [executor, setExecutor] = useState(proposed);
  const [note, setNote] = useState("");
  const contests = step === "contest";
  const whom = t(contests ? "card.propose" : "card.handOverTo");
  return (
    <form
      className="hands"
      onSubmit={(event) => {
        event.preventDefault();
        send(executor, note.trim());
      }}
    >
      <select
        className="input"
        aria-label={whom}
        value={executor}
        onChange={(event) => setExecutor(event.target.value)}
      >
        <option value="">{step === "decide" ? t("card.stays") : whom}</option>
        {(executors.data ?? [])
          .filter((each) => each.id !== has)
          .map((each) => (
            <option key={each.id} value={each.id}>
              {say(each.name)}
            </option>
          ))}
      </select>
      <textarea
        className="input"
        rows={2}
        maxLength={2000}
        required={contests}
        aria-label={t(contests ? "card.contestWhy" : "card.note")}
        placeholder={t(contests ? "card.contestWhy" : "card.note")}
        value={note}
        onChange={(event) => setNote(event.target.value)}
      />
      <button
        type="submit"
        className="button solid"
        disabled={isWaiting || (step === "handOver" && !executor)}
      >
        {t("card.send")}
      </button>
      <Trouble error={executors.error} retry={() => void executors.refetch()} />
    </form>
  );
}
