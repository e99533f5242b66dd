import type { Capture } from "../../api/proof";

const WAIT_MS = 10_000;

/** Give where the phone is; null where it cannot or may not tell. */
export function position(): Promise<Capture["position"]> {
  return new Promise((tell) => {
    if (!("geolocation" in navigator)) { tell(null); return; }
    navigator.geolocation.getCurrentPosition(
      ({ coords: { latitude, longitude, accuracy } }) => tell({ latitude, longitude, accuracy }),
      () => tell(null),
      { enableHighAccuracy: true, timeout: WAIT_MS, maximumAge: 0 },
    );
  });
}
