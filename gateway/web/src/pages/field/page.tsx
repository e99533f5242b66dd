import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { getCase, getCases } from "../../api/calls";
import { keys } from "../../api/keys";
import { getWork, workKey, type WorkOut } from "../../api/proof";
import type { CaseDetail, CaseRow } from "../../api/types";
import { useDraft } from "../../format/draft";
import { useWords } from "../../i18n/text";
import { useNow } from "../../live/react";
import { DeadlineBar } from "../../parts/deadline";
import { Icon } from "../../parts/icon";
import { Logo } from "../../parts/logo";
import { PriorityMark } from "../../parts/priority";
import { leave, SignedIn, useMe } from "../../parts/signed-in";
import { LanguageSwitch, ThemeSwitch } from "../../parts/switches";
import { Trouble, Waiting } from "../../parts/trouble";
import { useMove } from "../control/card/verbs";
import { isOverdue, sorted } from "../control/worklist/order";
import { Checklist } from "./checklist";
import { Steps } from "./steps";
import { rememberTag } from "./tag";
import "./checklist.css";
import "./field.css";

const BEFORE_AND_AFTER: readonly WorkOut["state"][] = ["offered", "declined", "done"];

export default function Field() {
  useState(rememberTag); // once, before a sign-in leads away from the address
  return (
    <SignedIn>
      <Tasks />
    </SignedIn>
  );
}

/** The cases of the executor, one card each, to be worked with one hand. The server gives no other. */
function Tasks() {
  const { t } = useWords();
  const me = useMe();
  const cases = useQuery({ queryKey: keys.cases("open"), queryFn: () => getCases("open") });
  const rows = sorted(
    (cases.data ?? []).filter((row) => row.closed_at === null),
    "deadline",
  );
  return (
    <div className="field">
      <header>
        <Logo small />
        <span className="spring" />
        <LanguageSwitch />
        <ThemeSwitch />
        <button
          type="button"
          className="button quiet icon"
          aria-label={t("session.signOut")}
          onClick={() => void leave()}
        >
          <Icon name="leave" />
        </button>
      </header>
      <main>
        <div className="top">
          <h1>{t("field.title")}</h1>
          <p>{`${me.name} · ${t("field.mine", { count: rows.length })}`}</p>
        </div>
        {cases.isPending && <Waiting />}
        <Trouble error={cases.error} retry={() => void cases.refetch()} />
        {cases.data && !rows.length && <p className="quiet-state">{t("field.empty")}</p>}
        <ul>
          {rows.map((row) => (
            <Task key={row.id} row={row} />
          ))}
        </ul>
      </main>
    </div>
  );
}

function Task({ row }: { row: CaseRow }) {
  const { t, say } = useWords();
  const now = useNow();
  const [open, setOpen] = useState(false);
  return (
    <li className="task">
      <button type="button" className="summary" aria-expanded={open} onClick={() => setOpen(!open)}>
        <PriorityMark priority={row.priority} size={26} />
        <span>
          <strong>{say(row.title)}</strong>
          <span className="where">{say(row.address)}</span>
          <span className="faint">{`${t("card.case", { id: row.id })} · ${t(`state.${row.state}`)}`}</span>
        </span>
        <Icon name={open ? "up" : "down"} />
      </button>
      <DeadlineBar
        start={row.opened_at}
        due={row.due_at}
        now={now}
        done={false}
        overdue={isOverdue(row, now)}
      />
      {open && <Work id={row.id} />}
    </li>
  );
}

function Work({ id }: { id: number }) {
  const { data, error, refetch } = useQuery({
    queryKey: keys.case(id),
    queryFn: () => getCase(id),
  });
  if (data) return <Actions detail={data} />;
  return error ? <Trouble error={error} retry={() => void refetch()} /> : <Waiting />;
}

function Actions({ detail }: { detail: CaseDetail }) {
  const { t, say } = useWords();
  const { data: work, error } = useQuery({
    queryKey: workKey(detail.id),
    queryFn: () => getWork(detail.id),
  });
  const first =
    detail.incident_list.find((incident) => incident.first_out) ?? detail.incident_list[0];
  const advice = first ? say(first.action) : "";
  return (
    <div className="work">
      {detail.appeal_list[0] && <p className="said">{detail.appeal_list[0].description}</p>}
      {advice && (
        <p>
          <span className="label">{t("card.action")}</span>
          {advice}
        </p>
      )}
      <Trouble error={error} />
      {work && (
        <>
          <p>
            <strong>{t(`workState.${work.state}`)}</strong>
          </p>
          {!BEFORE_AND_AFTER.includes(work.state) && (
            <Checklist caseId={detail.id} items={work.items} />
          )}
          <Steps caseId={detail.id} work={work} />
        </>
      )}
      <Note detail={detail} />
    </div>
  );
}

function Note({ detail }: { detail: CaseDetail }) {
  const { t } = useWords();
  const [note, setNote, clearNote] = useDraft(`note.${detail.id}`, "");
  const move = useMove(detail);
  return (
    <>
      <Trouble error={move.error} />
      <textarea
        className="input"
        rows={2}
        maxLength={2000}
        aria-label={t("card.note")}
        placeholder={t("card.notePlaceholder")}
        value={note}
        onChange={(event) => setNote(event.target.value)}
      />
      <div className="buttons">
        <button
          type="button"
          className="button"
          disabled={move.isPending || !note.trim()}
          onClick={() => move.mutate({ verb: "note", note: note.trim() }, { onSuccess: clearNote })}
        >
          {t("card.addNote")}
        </button>
      </div>
    </>
  );
}
