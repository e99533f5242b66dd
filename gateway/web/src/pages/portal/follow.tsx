import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useSearchParams } from "wouter";
import { answerAppeal, followAppeal } from "../../api/calls";
import { ApiError } from "../../api/problem";
import type { AppealStatus } from "../../api/types";
import { useTime } from "../../format/time";
import { useWords } from "../../i18n/text";
import { Trouble, Waiting } from "../../parts/trouble";
import { PortalFrame } from "./frame";

const LOOK_AGAIN_MS = 20_000;

/** The state of one appeal, for whoever has its number and key. */
export default function Follow() {
  const { t } = useWords();
  const [params, setParams] = useSearchParams();
  const asked = { number: params.get("number") ?? "", key: params.get("key") ?? "" };
  const [typed, setTyped] = useState(asked);
  const complete = asked.number !== "" && asked.key !== "";
  const status = useQuery({
    queryKey: ["follow", asked.number, asked.key],
    queryFn: () => followAppeal(asked.number, asked.key),
    enabled: complete,
    refetchInterval: LOOK_AGAIN_MS,
    retry: false,
  });
  const unknown = status.error instanceof ApiError && status.error.status === 404;
  return (
    <PortalFrame>
      <h1>{t("follow.title")}</h1>
      <form
        className="follow-form"
        onSubmit={(event) => {
          event.preventDefault();
          setParams(typed);
        }}
      >
        {(["number", "key"] as const).map((name) => (
          <div key={name}>
            <label className="label" htmlFor={name}>
              {t(`follow.${name}`)}
            </label>
            <input
              id={name}
              className="input"
              required
              autoComplete="off"
              value={typed[name]}
              onChange={(event) => setTyped({ ...typed, [name]: event.target.value })}
            />
          </div>
        ))}
        <button type="submit" className="button solid">
          {t("follow.submit")}
        </button>
      </form>
      {complete && status.isPending && <Waiting />}
      {unknown ? (
        <p className="notice" role="alert">
          {t("follow.unknown")}
        </p>
      ) : (
        <Trouble error={status.error} retry={() => void status.refetch()} />
      )}
      {status.data && <Status status={status.data} />}
      {status.data?.asked && <Question asked={asked} answered={status.data.fixed} />}
    </PortalFrame>
  );
}

function Status({ status }: { status: AppealStatus }) {
  const { t, say } = useWords();
  const time = useTime();
  const executor = say(status.executor_name);
  const facts: [string, string][] = [[t("follow.filed"), time.long(status.filed_at)]];
  if (status.expected_at && status.state === "open")
    facts.push([t("follow.expected"), time.long(status.expected_at)]);
  if (status.works) facts.push([t("follow.works"), status.works]);
  if (executor) facts.push([t("follow.executor"), executor]);
  return (
    <section className="status" aria-live="polite">
      <p className={`state ${status.state}`}>{t(`follow.${status.state}`)}</p>
      <h2>
        {say(status.category_name)} <span className="number">{status.number}</span>
      </h2>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt className="label">{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <h3 className="label">{t("follow.answer")}</h3>
      <p>{say(status.answer) || t("follow.noAnswer")}</p>
    </section>
  );
}

/** The one question after the work is closed; enough of "no" send it back. */
function Question({
  asked,
  answered,
}: {
  asked: { number: string; key: string };
  answered: boolean | null;
}) {
  const { t } = useWords();
  const cache = useQueryClient();
  const [comment, setComment] = useState("");
  const answer = useMutation({
    mutationFn: (fixed: boolean) =>
      answerAppeal(asked.number, { key: asked.key, fixed, comment: comment.trim() }),
    onSuccess: (status) => cache.setQueryData(["follow", asked.number, asked.key], status),
  });
  return (
    <section className="status" aria-labelledby="question">
      <h2 id="question">{t("follow.question")}</h2>
      {answered !== null && (
        <p role="status">{t(answered ? "follow.saidYes" : "follow.saidNo")}</p>
      )}
      <div>
        <label className="label" htmlFor="comment">
          {t("follow.comment")}
        </label>
        <textarea
          id="comment"
          className="input"
          rows={2}
          maxLength={1000}
          value={comment}
          onChange={(event) => setComment(event.target.value)}
        />
      </div>
      <Trouble error={answer.error} />
      <div className="answers">
        {([true, false] as const).map((fixed) => (
          <button
            key={String(fixed)}
            type="button"
            className="button"
            aria-pressed={answered === fixed}
            disabled={answer.isPending}
            onClick={() => answer.mutate(fixed)}
          >
            {t(fixed ? "follow.yes" : "follow.no")}
          </button>
        ))}
      </div>
    </section>
  );
}
