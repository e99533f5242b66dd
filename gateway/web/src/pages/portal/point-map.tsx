import { Marker, type Map as TownMap } from "maplibre-gl";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import type { MapOut } from "../../api/types";
import { token, useTheme } from "../../format/theme";
import { useWords } from "../../i18n/text";
import { openMap } from "../../map/create";
import type { Spot } from "./places";

/** A map on which the applicant taps the place; Enter takes the middle for those without a pointer. */
export default function PointMap({
  town,
  spot,
  onChoose,
}: {
  town: MapOut;
  spot: Spot | null;
  onChoose: (spot: Spot) => void;
}) {
  const { t, language, say } = useWords();
  const theme = useTheme();
  const box = useRef<HTMLDivElement>(null);
  const map = useRef<TownMap | null>(null);
  const [failed, setFailed] = useState(false);
  const [drawn, setDrawn] = useState(false);
  const take = useEffectEvent((latitude: number, longitude: number) =>
    onChoose({ kind: "point", latitude, longitude }),
  );

  useEffect(() => {
    if (!box.current) return;
    const opened = openMap(box.current, town, language, { cooperativeGestures: false });
    map.current = opened;
    if (!opened) {
      setFailed(true);
      return;
    }
    opened.once("idle", () => setDrawn(true));
    opened.on("click", (event) => take(event.lngLat.lat, event.lngLat.lng));
    opened.getCanvas().addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      const middle = opened.getCenter();
      take(middle.lat, middle.lng);
    });
    return () => opened.remove();
  }, [town, language, theme]);

  useEffect(() => {
    if (!map.current || spot?.kind !== "point") return;
    const marker = new Marker({ color: token("solid") })
      .setLngLat([spot.longitude, spot.latitude])
      .addTo(map.current);
    return () => {
      marker.remove();
    };
  }, [spot, theme, language]);

  if (failed) return <p className="hint">{t("map.noWebgl")}</p>;
  const middle = () => {
    const center = map.current?.getCenter();
    if (center) onChoose({ kind: "point", latitude: center.lat, longitude: center.lng });
  };
  return (
    <div className="point-map">
      <div
        ref={box}
        className="canvas"
        role="group"
        aria-busy={!drawn}
        aria-label={t("map.label", { name: say(town.name) })}
      />
      <div className="below">
        <span>{t("portal.mapHint")}</span>
        <button type="button" className="button" onClick={middle}>
          {t("portal.mapTake")}
        </button>
      </div>
    </div>
  );
}
