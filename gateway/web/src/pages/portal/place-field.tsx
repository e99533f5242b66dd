import { useQuery } from "@tanstack/react-query";
import { Suspense, useState } from "react";
import { getPublicMap } from "../../api/calls";
import { keys } from "../../api/keys";
import { useWords } from "../../i18n/text";
import { lazyMap } from "../../map/lazy-map";
import { Icon } from "../../parts/icon";
import { FieldError, Trouble, Waiting } from "../../parts/trouble";
import { HouseSearch } from "./house-search";
import { housesOf, type Spot } from "./places";

// MapLibre is half a megabyte: it comes only when somebody asks for the map.
const PointMap = lazyMap(() => import("./point-map"));

/** Where it is: a house found by words, or a point on the map. */
export function PlaceField({
  spot,
  onChange,
  error,
}: {
  spot: Spot | null;
  onChange: (spot: Spot | null) => void;
  error: string | null;
}) {
  const { t, language } = useWords();
  const map = useQuery({ queryKey: keys.publicMap, queryFn: getPublicMap });
  const [showMap, setShowMap] = useState(false);
  const words =
    spot?.kind === "house"
      ? spot.name
      : spot &&
        t("portal.pointChosen", {
          point: `${spot.latitude.toFixed(5)}, ${spot.longitude.toFixed(5)}`,
        });

  return (
    <div className="place-field">
      {map.error && <Trouble error={map.error} retry={() => void map.refetch()} />}
      {words ? (
        <p className="chosen-place">
          <Icon name="pin" size={18} />
          <strong>{words}</strong>
          <button type="button" className="button quiet" onClick={() => onChange(null)}>
            {t("portal.changePlace")}
          </button>
        </p>
      ) : (
        <HouseSearch
          houses={map.data ? housesOf(map.data, language) : []}
          invalid={error !== null}
          errorId="place-error"
          onChoose={(house) => onChange({ kind: "house", ...house })}
        />
      )}
      <FieldError id="place-error" words={error} />
      <button
        type="button"
        className="button"
        aria-expanded={showMap}
        onClick={() => setShowMap(!showMap)}
      >
        <Icon name="pin" />
        {t(showMap ? "portal.hideMap" : "portal.onMap")}
      </button>
      {showMap && map.data && (
        <Suspense fallback={<Waiting />}>
          <PointMap town={map.data} spot={spot} onChoose={onChange} />
        </Suspense>
      )}
    </div>
  );
}
