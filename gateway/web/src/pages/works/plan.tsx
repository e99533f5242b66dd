import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
  changeWorks,
  draftWorks,
  getPlannedWorks,
  worksKeys,
  type PlanForm,
  type PlannedWorks,
} from "../../api/works";
import { useWords } from "../../i18n/text";
import { Dialog } from "../../parts/dialog";
import { SignedIn, useMe } from "../../parts/signed-in";
import { Trouble, Waiting } from "../../parts/trouble";
import { Frame } from "../admin/frame";
import { WorksFacts } from "./facts";
import { PlanFields } from "./plan-form";
import { WorksVerbs } from "./verbs";

export default function Plan() {
  return (
    <SignedIn live={false}>
      <Frame>
        <Works />
      </Frame>
    </SignedIn>
  );
}

/** The works of one's territory: drafts, what is announced, and what has come of it. */
function Works() {
  const { t } = useWords();
  const me = useMe();
  const cache = useQueryClient();
  const works = useQuery({
    queryKey: worksKeys.planned,
    queryFn: getPlannedWorks,
    refetchInterval: 30_000,
  });
  const [open, setOpen] = useState<PlannedWorks | "new" | null>(null);
  const save = useMutation({
    mutationFn: (form: PlanForm) =>
      open === "new" || open === null ? draftWorks(form) : changeWorks(open.id, form),
    onSuccess: () => {
      setOpen(null);
      void cache.invalidateQueries({ queryKey: ["works"] });
    },
  });
  const mayPlan = me.role !== "executor";
  return (
    <div className="works">
      <h1>{t("works.title")}</h1>
      {mayPlan && (
        <div className="tools">
          <button
            type="button"
            className="button solid"
            onClick={() => {
              save.reset();
              setOpen("new");
            }}
          >
            {t("works.new")}
          </button>
        </div>
      )}
      <Trouble error={works.error} retry={() => void works.refetch()} />
      {works.isPending && <Waiting />}
      {works.data?.length === 0 && (
        <p className="quiet-state">{t(mayPlan ? "works.nonePlanned" : "works.noneYours")}</p>
      )}
      <ul>
        {works.data?.map((each) => (
          <li key={each.id}>
            <WorksFacts works={each} heading="h2" />
            <p className="faint">
              {t("works.affected", { assets: each.affected, houses: each.houses_affected })}
            </p>
            <WorksVerbs
              works={each}
              onChange={() => {
                save.reset();
                setOpen(each);
              }}
            />
          </li>
        ))}
      </ul>
      {open && (
        <Dialog
          title={t(open === "new" ? "works.new" : "works.change")}
          onClose={() => setOpen(null)}
        >
          <PlanFields
            works={open === "new" ? null : open}
            error={save.error}
            busy={save.isPending}
            onSave={save.mutate}
          />
        </Dialog>
      )}
    </div>
  );
}
