import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "wouter";
import { evidenceUrl } from "../../../api/calls";
import { keys } from "../../../api/keys";
import { addAct, addPhoto } from "../../../api/proof";
import type { EvidenceOut } from "../../../api/types";
import { useTime } from "../../../format/time";
import { useWords } from "../../../i18n/text";
import { Icon } from "../../../parts/icon";
import { Trouble } from "../../../parts/trouble";
import { Section } from "./section";
import { Still } from "./still";

const PICTURES = "image/jpeg,image/png,image/webp";

export function usePhoto(caseId: number, kind: "photo" | "act" = "photo") {
  const cache = useQueryClient();
  return useMutation({
    mutationFn: (file: File) => (kind === "act" ? addAct : addPhoto)(caseId, file),
    onSuccess: () => cache.invalidateQueries({ queryKey: keys.case(caseId) }),
  });
}

export function PhotoButton({
  adding,
  label,
  paper = false,
}: {
  adding: ReturnType<typeof usePhoto>;
  label: string;
  paper?: boolean;
}) {
  const { t } = useWords();
  return (
    <label className="button photo-button">
      <Icon name="camera" />
      {adding.isPending ? t("card.uploading") : label}
      <input
        type="file"
        className="hidden"
        accept={paper ? `${PICTURES},application/pdf` : PICTURES}
        disabled={adding.isPending}
        onChange={(event) => {
          const [photo] = event.target.files ?? [];
          if (photo) adding.mutate(photo);
          event.target.value = "";
        }}
      />
    </label>
  );
}

export function Evidence({ caseId, evidence }: { caseId: number; evidence: EvidenceOut[] }) {
  const { t, say } = useWords();
  const time = useTime();
  const adding = usePhoto(caseId);
  const act = usePhoto(caseId, "act");
  return (
    <Section
      title={t("card.evidence")}
      aside={
        <>
          <PhotoButton adding={act} label={t("card.addAct")} paper />
          <PhotoButton adding={adding} label={t("card.addPhoto")} />
        </>
      }
    >
      <Trouble error={adding.error ?? act.error} />
      <ul className="evidence">
        {evidence.map((each) => (
          <li key={each.id}>
            {each.media_type.startsWith("image/") && <Still id={each.id} label={say(each.text)} />}
            <p>
              <strong>{t(`evidenceKind.${each.kind}`)}</strong>{" "}
              {t("card.grade", { grade: each.grade })}
            </p>
            {each.media_type === "application/pdf" && (
              <a href={evidenceUrl(each.id)} download={`act-${each.id}.pdf`}>
                {t("card.openAct")}
              </a>
            )}
            {say(each.text) && <p>{say(each.text)}</p>}
            {each.reasons.map((reason) => (
              <p key={say(reason)}>{say(reason)}</p>
            ))}
            {each.used_in !== null && (
              <Link href={`/control/case/${each.used_in}`}>
                {t("card.usedIn", { id: each.used_in })}
              </Link>
            )}
            <p className="faint">{`${time.moment(each.at)} · ${each.by}`}</p>
          </li>
        ))}
      </ul>
    </Section>
  );
}
