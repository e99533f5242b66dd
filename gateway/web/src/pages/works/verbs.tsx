import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import {
  beginWorks,
  finishWorks,
  prolongWorks,
  publishWorks,
  withdrawWorks,
  type PlannedWorks,
  type WorkState,
} from "../../api/works";
import { useWords } from "../../i18n/text";
import { Dialog } from "../../parts/dialog";
import { useMe } from "../../parts/signed-in";
import { Trouble } from "../../parts/trouble";
import { local, moment } from "./moments";

type Verb = "publish" | "begin" | "prolong" | "finish" | "withdraw";

const ANNOUNCED: readonly Verb[] = ["begin", "finish", "prolong", "withdraw"];
const MAY: Record<WorkState, readonly Verb[]> = {
  draft: ["publish", "withdraw"],
  published: ANNOUNCED,
  under_way: ANNOUNCED,
  overdue: ANNOUNCED,
  done: [],
  withdrawn: [],
};
const OF_EXECUTORS: readonly Verb[] = ["begin", "finish"];

/** What one may do with planned works now; each is asked once more before it is done. */
export function WorksVerbs({ works, onChange }: { works: PlannedWorks; onChange: () => void }) {
  const { t } = useWords();
  const me = useMe();
  const [asked, setAsked] = useState<Verb | null>(null);
  const offered = MAY[works.state].filter(
    (verb) =>
      (me.role !== "executor" || OF_EXECUTORS.includes(verb)) &&
      !(verb === "begin" && works.begun_at),
  );
  return (
    <div className="tools">
      {works.state === "draft" && me.role !== "executor" && (
        <button type="button" className="button" onClick={onChange}>
          {t("works.change")}
        </button>
      )}
      {offered.map((verb) => (
        <button key={verb} type="button" className="button" onClick={() => setAsked(verb)}>
          {t(`works.verb.${verb}`)}
        </button>
      ))}
      {works.case !== null && (
        <Link className="button quiet" href={`/control/cases/${works.case}`}>
          {t("works.case", { number: works.case })}
        </Link>
      )}
      {asked && <Ask works={works} verb={asked} onClose={() => setAsked(null)} />}
    </div>
  );
}

function Ask({ works, verb, onClose }: { works: PlannedWorks; verb: Verb; onClose: () => void }) {
  const { t } = useWords();
  const cache = useQueryClient();
  const [until, setUntil] = useState(local(new Date(works.until)));
  const [words, setWords] = useState("");
  const [photo, setPhoto] = useState<File | null>(null);
  const act = useMutation({
    mutationFn: () => {
      switch (verb) {
        case "publish":
          return publishWorks(works.id);
        case "begin":
          return beginWorks(works.id);
        case "prolong":
          return prolongWorks(works.id, moment(until), words);
        case "finish":
          return finishWorks(works.id, words, photo);
        case "withdraw":
          return withdrawWorks(works.id, words);
      }
    },
    onSuccess: () => {
      onClose();
      void cache.invalidateQueries({ queryKey: ["works"] });
    },
  });
  const wantsWords = verb === "prolong" || verb === "withdraw" || verb === "finish";
  return (
    <Dialog title={`${t(`works.verb.${verb}`)}: ${works.title}`} onClose={onClose}>
      <form
        className="plan-fields"
        onSubmit={(event) => {
          event.preventDefault();
          act.mutate();
        }}
      >
        <p>
          {t(`works.ask.${verb}`, { assets: works.affected, houses: works.houses_affected })}
        </p>
        {verb === "prolong" && (
          <label>
            {t("works.until")}
            <input
              className="input"
              type="datetime-local"
              required
              value={until}
              onChange={(event) => setUntil(event.target.value)}
            />
          </label>
        )}
        {wantsWords && (
          <label>
            {t(verb === "finish" ? "works.result" : "works.reason")}
            <textarea
              className="input"
              rows={2}
              maxLength={500}
              required={verb === "withdraw"}
              value={words}
              onChange={(event) => setWords(event.target.value)}
            />
          </label>
        )}
        {verb === "finish" && (
          <label>
            {t("works.photo")}
            <input
              className="input"
              type="file"
              accept="image/*"
              onChange={(event) => setPhoto(event.target.files?.[0] ?? null)}
            />
          </label>
        )}
        <Trouble error={act.error} />
        <button type="submit" className="button solid" disabled={act.isPending}>
          {t(`works.verb.${verb}`)}
        </button>
      </form>
    </Dialog>
  );
}
