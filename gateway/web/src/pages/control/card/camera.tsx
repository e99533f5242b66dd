import { useEffect, useState } from "react";
import { Link } from "wouter";
import { stillUrl } from "../../../api/calls";
import type { AssetOut } from "../../../api/types";
import { useWords } from "../../../i18n/text";
import { Section } from "./section";

const RENEW_MS = 15_000;

/** The latest still of each camera, renewed while the card is open. */
export function Cameras({ cameras }: { cameras: readonly AssetOut[] }) {
  const { t } = useWords();
  if (!cameras.length) return null;
  return (
    <Section title={t("card.cameras")}>
      <div className="cameras">
        {cameras.map((camera) => (
          <Picture key={camera.id} camera={camera} />
        ))}
      </div>
    </Section>
  );
}

function Picture({ camera }: { camera: AssetOut }) {
  const { t, say } = useWords();
  const [round, setRound] = useState(0);
  const [missing, setMissing] = useState(false);
  useEffect(() => {
    const timer = setInterval(() => {
      setMissing(false);
      setRound((last) => last + 1);
    }, RENEW_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <figure>
      {missing ? (
        <p className="faint">{t("card.noStill")}</p>
      ) : (
        <a className="still" href={stillUrl(camera.id)} target="_blank" rel="noreferrer">
          <img
            src={`${stillUrl(camera.id)}?round=${round}`}
            alt={t("card.stillOf", { name: say(camera.name) })}
            onError={() => setMissing(true)}
          />
        </a>
      )}
      <figcaption>
        <Link href={`/control/asset/${encodeURIComponent(camera.id)}`}>{say(camera.name)}</Link>
      </figcaption>
    </figure>
  );
}
