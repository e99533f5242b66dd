import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
  answersKey,
  draftAnswer,
  getAnswers,
  sendAnswer,
  sendAnswerAgain,
  tellAnswer,
  type AnswerKind,
  type AnswerOut,
} from "../../../api/answers";
import { keys } from "../../../api/keys";
import { ApiError } from "../../../api/problem";
import type { AppealOut } from "../../../api/types";
import { useTime } from "../../../format/time";
import { useWords } from "../../../i18n/text";
import { useMe } from "../../../parts/signed-in";
import { Trouble } from "../../../parts/trouble";
import { Section } from "./section";
import "./answers.css";

const KINDS: readonly AnswerKind[] = ["interim", "final", "forwarded", "extended"];

interface Writing {
  appeal: string;
  kind: AnswerKind;
}

/** What those who complained are owed and were told; a person writes what needs one. */
export function Answers({ caseId, appeals }: { caseId: number; appeals: AppealOut[] }) {
  const { t } = useWords();
  const { role } = useMe();
  const [writing, setWriting] = useState<Writing | null>(null);
  const answers = useQuery({ queryKey: answersKey(caseId), queryFn: () => getAnswers(caseId) });
  const first = appeals[0];
  if (!first) return null;
  const may = role === "dispatcher" || role === "administrator";
  return (
    <Section title={t("answers.title")}>
      <Trouble error={answers.error} retry={() => void answers.refetch()} />
      <ul className="answers">
        {(answers.data ?? []).map((answer) => (
          <Answer
            key={answer.id}
            caseId={caseId}
            answer={answer}
            may={may}
            write={() => setWriting({ appeal: answer.appeal, kind: "final" })}
          />
        ))}
      </ul>
      {may && !writing && (
        <button
          type="button"
          className="button"
          onClick={() => setWriting({ appeal: first.number, kind: "interim" })}
        >
          {t("answers.write")}
        </button>
      )}
      {writing && (
        <Write
          key={`${writing.appeal} ${writing.kind}`}
          caseId={caseId}
          appeals={appeals}
          writing={writing}
          choose={setWriting}
        />
      )}
    </Section>
  );
}

interface AnswerProps {
  caseId: number;
  answer: AnswerOut;
  may: boolean;
  write: () => void;
}

function Answer({ caseId, answer, may, write }: AnswerProps) {
  const { t, say } = useWords();
  const time = useTime();
  const cache = useQueryClient();
  const act = useMutation({
    mutationFn: (again: boolean) => (again ? sendAnswerAgain : tellAnswer)(answer.id),
    onSettled: () => cache.invalidateQueries({ queryKey: keys.case(caseId) }),
  });
  const acts = may && (answer.state === "owed" || answer.state === "parked");
  const byPhone = answer.via === "phone";
  return (
    <li>
      <p className="faint">
        {[
          answer.appeal,
          t(`answers.kind.${answer.kind}`),
          t(`answers.state.${answer.state}`),
          answer.via && t(`answers.via.${answer.via}`, { defaultValue: answer.via }),
          time.moment(answer.sent_at ?? answer.at),
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      <p className="text">{answer.text}</p>
      {answer.missing.map((each) => (
        <p className="missing" key={say(each)}>
          {say(each)}
        </p>
      ))}
      {answer.trouble && answer.state !== "sent" && (
        <p className="missing">{t("answers.trouble", { why: answer.trouble })}</p>
      )}
      {acts && (
        <div className="line">
          {answer.state === "owed" && !byPhone && (
            <button type="button" className="button" onClick={write}>
              {t("answers.finish")}
            </button>
          )}
          {answer.state === "parked" && (
            <button
              type="button"
              className="button"
              disabled={act.isPending}
              onClick={() => act.mutate(true)}
            >
              {t("answers.again")}
            </button>
          )}
          <button
            type="button"
            className="button"
            disabled={act.isPending}
            onClick={() => act.mutate(false)}
          >
            {t("answers.told")}
          </button>
        </div>
      )}
      <Trouble error={act.error} />
    </li>
  );
}

interface WriteProps {
  caseId: number;
  appeals: AppealOut[];
  writing: Writing;
  choose: (writing: Writing | null) => void;
}

function Write({ caseId, appeals, writing, choose }: WriteProps) {
  const { t } = useWords();
  const cache = useQueryClient();
  const [typed, setTyped] = useState<string | null>(null);
  const { appeal, kind } = writing;
  const draft = useQuery({
    queryKey: [...answersKey(caseId), "draft", appeal, kind],
    queryFn: () => draftAnswer(caseId, appeal, kind),
    staleTime: Infinity,
    gcTime: 0,
  });
  const text = typed ?? draft.data?.text ?? "";
  const send = useMutation({
    mutationFn: (despite: boolean) => sendAnswer(caseId, { appeal, kind, text, despite }),
    onSuccess: () => {
      choose(null);
      void cache.invalidateQueries({ queryKey: keys.case(caseId) });
    },
  });
  const isPoor = send.error instanceof ApiError && send.error.problem?.type.endsWith("answer_poor");
  return (
    <form
      className="answer-form"
      onSubmit={(event) => {
        event.preventDefault();
        send.mutate(false);
      }}
    >
      <div className="line">
        <select
          className="input"
          aria-label={t("answers.to")}
          value={appeal}
          onChange={(event) => choose({ appeal: event.target.value, kind })}
        >
          {appeals.map((each) => (
            <option key={each.number} value={each.number}>
              {each.number}
            </option>
          ))}
        </select>
        <select
          className="input"
          aria-label={t("answers.which")}
          value={kind}
          onChange={(event) => choose({ appeal, kind: event.target.value as AnswerKind })}
        >
          {KINDS.map((each) => (
            <option key={each} value={each}>
              {t(`answers.kind.${each}`)}
            </option>
          ))}
        </select>
      </div>
      <textarea
        className="input"
        rows={6}
        required
        maxLength={4000}
        aria-label={t("answers.text")}
        value={text}
        onChange={(event) => setTyped(event.target.value)}
      />
      <Trouble error={draft.error} retry={() => void draft.refetch()} />
      <Trouble error={send.error} />
      <div className="line">
        <button type="submit" className="button solid" disabled={send.isPending || !text}>
          {t("answers.send")}
        </button>
        {isPoor && (
          <button
            type="button"
            className="button"
            disabled={send.isPending}
            onClick={() => send.mutate(true)}
          >
            {t("answers.despite")}
          </button>
        )}
        <button type="button" className="button quiet" onClick={() => choose(null)}>
          {t("common.cancel")}
        </button>
      </div>
    </form>
  );
}
