import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { keys } from "../../api/keys";
import { takeStep, type WorkOut, type WorkVerb } from "../../api/proof";
import { useWords } from "../../i18n/text";
import { Trouble } from "../../parts/trouble";

const WITH_REASON: readonly WorkVerb[] = ["decline", "pause"];

/** The steps that are possible now; some ask for a reason, and the last one for a whole checklist. */
export function Steps({ caseId, work }: { caseId: number; work: WorkOut }) {
  const { t, say } = useWords();
  const cache = useQueryClient();
  const [asked, setAsked] = useState<WorkVerb | null>(null);
  const [reason, setReason] = useState("");
  const stepping = useMutation({
    mutationFn: ({ verb, why }: { verb: WorkVerb; why: string }) => takeStep(caseId, verb, why),
    onSuccess: () => {
      setAsked(null);
      setReason("");
    },
    onSettled: () => cache.invalidateQueries({ queryKey: keys.case(caseId) }),
  });
  const finishing = work.verbs.includes("finish");
  return (
    <>
      {finishing && work.missing.length > 0 && (
        <div>
          <span className="label">{t("field.missing")}</span>
          <ul>
            {work.missing.map((each) => (
              <li key={say(each)}>{say(each)}</li>
            ))}
          </ul>
        </div>
      )}
      <Trouble error={stepping.error} />
      {asked && (
        <textarea
          className="input"
          rows={2}
          maxLength={500}
          aria-label={t("field.reason")}
          placeholder={t("field.reason")}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      )}
      <div className="buttons">
        {work.verbs.map((verb) => (
          <button
            key={verb}
            type="button"
            className={WITH_REASON.includes(verb) ? "button" : "button solid"}
            disabled={
              stepping.isPending ||
              (verb === "finish" && work.missing.length > 0) ||
              (verb === asked && !reason.trim())
            }
            onClick={() => {
              if (WITH_REASON.includes(verb) && asked !== verb) setAsked(verb);
              else stepping.mutate({ verb, why: reason.trim() });
            }}
          >
            {t(`workVerb.${verb}`)}
          </button>
        ))}
      </div>
    </>
  );
}
