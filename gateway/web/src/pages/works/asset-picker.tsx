import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { findAssets, worksKeys } from "../../api/works";
import { useWords } from "../../i18n/text";

const SHOWN = 8;
const ENOUGH = 2; // letters

interface Chosen {
  id: string;
  name: string;
}

/** Choose assets by words of their name or address. */
export function AssetPicker({
  chosen,
  onChange,
}: {
  chosen: readonly Chosen[];
  onChange: (chosen: Chosen[]) => void;
}) {
  const { t, say } = useWords();
  const id = useId();
  const [typed, setTyped] = useState("");
  const q = typed.trim();
  const found = useQuery({
    queryKey: worksKeys.found(q),
    queryFn: () => findAssets(q),
    enabled: q.length >= ENOUGH,
  });
  const taken = new Set(chosen.map((each) => each.id));
  const offered = (q.length >= ENOUGH ? (found.data ?? []) : []).filter(
    (each) => !taken.has(each.id),
  );
  return (
    <div className="asset-picker">
      <label className="label" htmlFor={id}>
        {t("works.cutsOff")}
      </label>
      <ul className="chosen">
        {chosen.map((each) => (
          <li key={each.id}>
            <button
              type="button"
              className="button"
              onClick={() => onChange(chosen.filter((other) => other.id !== each.id))}
            >
              {t("works.leaveOut", { name: each.name })}
            </button>
          </li>
        ))}
      </ul>
      <input
        id={id}
        className="input"
        type="search"
        autoComplete="off"
        placeholder={t("works.assetPlaceholder")}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <ul className="offered">
        {offered.slice(0, SHOWN).map((each) => (
          <li key={each.id}>
            <button
              type="button"
              className="button quiet"
              onClick={() => {
                onChange([...chosen, { id: each.id, name: say(each.name) }]);
                setTyped("");
              }}
            >
              {`${say(each.name)} · ${say(each.address)}`}
            </button>
          </li>
        ))}
      </ul>
      <p className="faint" role="status">
        {q.length >= ENOUGH && found.data && t("works.found", { count: offered.length })}
      </p>
    </div>
  );
}
