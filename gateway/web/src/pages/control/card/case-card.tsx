import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { getAsset, getCase } from "../../../api/calls";
import { keys } from "../../../api/keys";
import { ApiError } from "../../../api/problem";
import type { CaseDetail } from "../../../api/types";
import { useTime } from "../../../format/time";
import { useWords } from "../../../i18n/text";
import { useNow } from "../../../live/react";
import { Icon, kindIcon } from "../../../parts/icon";
import { PriorityMark } from "../../../parts/priority";
import { Trouble, Waiting } from "../../../parts/trouble";
import { Answers } from "./answers";
import { Appeals } from "./appeals";
import { Cameras } from "./camera";
import { Deadlines } from "./deadlines";
import { Escalation } from "./escalation";
import { Evidence } from "./evidence";
import { Hands } from "./hands";
import { Incidents } from "./incidents";
import { ProposedParts } from "./proposed-parts";
import { Section } from "./section";
import { Signals } from "./signals";
import { Sorting, Urgent } from "./sorting";
import { Stepper } from "./stepper";
import { Timeline } from "./timeline";
import { Verbs } from "./verbs";
import { WorkState } from "./work-state";
import "./card.css";

interface Props {
  id: number;
  onShown: (unacknowledged: number[]) => void;
  onClose: () => void;
}

/** Everything about one case: where it stands, why, what to do, with whom, until when. */
export function CaseCard({ id, onShown, onClose }: Props) {
  const { data, error, refetch } = useQuery({
    queryKey: keys.case(id),
    queryFn: () => getCase(id),
  });
  const { t } = useWords();
  if (error instanceof ApiError && error.status === 404)
    return <p className="quiet-state">{t("card.notYours")}</p>;
  if (error && !data) return <Trouble error={error} retry={() => void refetch()} />;
  if (!data) return <Waiting />;
  return (
    <article className="card">
      <Head detail={data} onClose={onClose} />
      <div className="card-body">
        <Stepper state={data.state} />
        <Urgent kinds={data.urgent} />
        <Escalation detail={data} />
        <Section title={t("card.clocks")}>
          <Deadlines detail={data} />
        </Section>
        {data.incident_list.length > 0 && (
          <Incidents
            incidents={data.incident_list}
            title={t("card.incidents")}
            ofOneCause
            onShown={onShown}
          />
        )}
        {data.asset !== null && <AssetPart id={data.asset} detail={data} />}
        <Appeals appeals={data.appeal_list} />
        <Answers caseId={id} appeals={data.appeal_list} />
        <ProposedParts detail={data} />
        <Sorting detail={data} />
        <Hands detail={data} />
        <WorkState caseId={id} />
        <Evidence caseId={id} evidence={data.evidence} />
        <Timeline entries={data.timeline} />
      </div>
      <Verbs detail={data} />
    </article>
  );
}

function Head({ detail, onClose }: { detail: CaseDetail; onClose: () => void }) {
  const { t, say } = useWords();
  const time = useTime();
  const now = useNow();
  const age = (now - Date.parse(detail.opened_at)) / 1000;
  return (
    <header className="card-head">
      <PriorityMark priority={detail.priority} size={26} />
      <div>
        <p className="faint">{`${t("card.case", { id: detail.id })} · ${t("age.ago", { age: time.age(age) })}`}</p>
        <h2>{say(detail.title)}</h2>
        <p className="where">{say(detail.address)}</p>
      </div>
      <button
        type="button"
        className="button quiet icon"
        aria-label={t("common.close")}
        onClick={onClose}
      >
        <Icon name="cross" />
      </button>
    </header>
  );
}

function AssetPart({ id, detail }: { id: string; detail: CaseDetail }) {
  const { t, say } = useWords();
  const { data, error } = useQuery({ queryKey: keys.asset(id), queryFn: () => getAsset(id) });
  if (error) return <Trouble error={error} />;
  if (!data) return <Waiting />;
  return (
    <>
      <Section title={t("card.asset")}>
        <p className="asset-line">
          <Icon name={kindIcon(data.kind)} />
          <Link href={`/control/asset/${encodeURIComponent(id)}`}>{say(data.name)}</Link>
        </p>
      </Section>
      <Signals devices={data.devices} incidents={detail.incident_list} caseId={detail.id} />
      <Cameras cameras={data.kind.endsWith("camera") ? [data] : data.cameras} />
    </>
  );
}
