import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { getAsset, getAssetIncidents } from "../../../api/calls";
import { keys } from "../../../api/keys";
import { ApiError } from "../../../api/problem";
import type { AssetOut, CaseRow } from "../../../api/types";
import { useWords } from "../../../i18n/text";
import { Icon, kindIcon } from "../../../parts/icon";
import { PriorityMark } from "../../../parts/priority";
import { Trouble, Waiting } from "../../../parts/trouble";
import { Cameras } from "./camera";
import { Incidents } from "./incidents";
import { Section } from "./section";
import { Signals } from "./signals";
import { SuppressAsset } from "./suppress-asset";
import "./card.css";

const SHOWN_RELATIONS = 12;

interface Props {
  id: string;
  cases: readonly CaseRow[];
  onShown: (unacknowledged: number[]) => void;
  onClose: () => void;
}

/** Everything about one asset: live signals, commands, what feeds it, what went wrong before. */
export function AssetCard({ id, cases, onShown, onClose }: Props) {
  const { t, say } = useWords();
  const asset = useQuery({ queryKey: keys.asset(id), queryFn: () => getAsset(id) });
  const incidents = useQuery({
    queryKey: keys.assetIncidents(id),
    queryFn: () => getAssetIncidents(id),
  });
  if (asset.error instanceof ApiError && asset.error.status === 404)
    return <p className="quiet-state">{t("card.notYours")}</p>;
  if (asset.error) return <Trouble error={asset.error} retry={() => void asset.refetch()} />;
  if (!asset.data) return <Waiting />;
  const own = cases.filter((row) => row.asset === id && row.closed_at === null);
  const list = incidents.data ?? [];
  return (
    <article className="card">
      <header className="card-head">
        <span className="kind">
          <Icon name={kindIcon(asset.data.kind)} size={22} />
        </span>
        <div>
          <p className="faint">{kindWord(asset.data.kind, t)}</p>
          <h2>{say(asset.data.name)}</h2>
          <p className="where">{say(asset.data.address)}</p>
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
      <div className="card-body">
        {own.map((row) => (
          <Link key={row.id} className="case-link" href={`/control/case/${row.id}`}>
            <PriorityMark priority={row.priority} />
            {say(row.title)}
            <Icon name="right" />
          </Link>
        ))}
        {asset.data.devices.length > 0 && (
          <Signals devices={asset.data.devices} incidents={list} caseId={own[0]?.id ?? null} />
        )}
        <Cameras
          cameras={asset.data.kind.endsWith("camera") ? [asset.data] : asset.data.cameras}
        />
        <Relations title={t("card.fedBy")} assets={asset.data.fed_by} />
        <Relations title={t("card.feeds")} assets={asset.data.feeds} />
        <SuppressAsset asset={id} />
        <Trouble error={incidents.error} />
        <Incidents incidents={list} title={t("card.history")} onShown={onShown} />
      </div>
    </article>
  );
}

type Translate = ReturnType<typeof useWords>["t"];
const KINDS = [
  "lift",
  "street_light",
  "feeder_cabinet",
  "heat_point",
  "house",
  "flat",
  "traffic_signal",
  "traffic_controller",
  "camera",
  "sensor",
  "water_main",
  "meter",
] as const;

function kindWord(kind: string, t: Translate): string {
  const known = KINDS.find((each) => each === kind) ?? KINDS.find((each) => kind.endsWith(each));
  return t(`kind.${known ?? "other"}`);
}

function Relations({ title, assets }: { title: string; assets: readonly AssetOut[] }) {
  const { say, language } = useWords();
  if (!assets.length) return null;
  const { compare } = new Intl.Collator(language, { numeric: true });
  const ordered = assets.toSorted((a, b) => compare(say(a.name), say(b.name)));
  return (
    <Section title={`${title} ${assets.length}`}>
      <ul className="relations">
        {ordered.slice(0, SHOWN_RELATIONS).map((asset) => (
          <li key={asset.id}>
            <Link href={`/control/asset/${encodeURIComponent(asset.id)}`} className="button">
              <Icon name={kindIcon(asset.kind)} size={14} />
              {say(asset.name)}
            </Link>
          </li>
        ))}
        {assets.length > SHOWN_RELATIONS && (
          <li className="faint">{`+${assets.length - SHOWN_RELATIONS}`}</li>
        )}
      </ul>
    </Section>
  );
}
