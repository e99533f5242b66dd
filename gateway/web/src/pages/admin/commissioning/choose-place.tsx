import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { getPlaces } from "../../../api/calls";
import { keys } from "../../../api/keys";
import type { PlaceOut } from "../../../api/types";
import { useWords } from "../../../i18n/text";
import { Trouble, Waiting } from "../../../parts/trouble";

const SHOWN = 20;

/** Find a place by words of its name and of what is above it. */
export function ChoosePlace({ lead, base }: { lead: string; base: string }) {
  const { t, say } = useWords();
  const places = useQuery({ queryKey: keys.places, queryFn: getPlaces });
  const [typed, setTyped] = useState("");
  if (!places.data) {
    return places.error ? (
      <Trouble error={places.error} retry={() => void places.refetch()} />
    ) : (
      <Waiting />
    );
  }
  const known = new Map(places.data.map((place) => [place.id, place]));
  const named = (place: PlaceOut): string => {
    const above = place.parent === null ? undefined : known.get(place.parent);
    return above?.parent ? `${named(above)}, ${say(place.name)}` : say(place.name);
  };
  const words = typed.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const found = places.data
    .map((place) => ({ id: place.id, name: named(place) }))
    .filter(({ id, name }) => words.every((word) => `${name} ${id}`.toLocaleLowerCase().includes(word)));
  return (
    <section>
      <p>{lead}</p>
      <div className="tools">
        <input
          type="search"
          className="input"
          aria-label={t("commissioning.search")}
          placeholder={t("commissioning.search")}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      </div>
      <ul className="places">
        {found.slice(0, SHOWN).map(({ id, name }) => (
          <li key={id}>
            <Link href={`${base}/${id}`}>{name}</Link> <span className="faint">{id}</span>
          </li>
        ))}
      </ul>
      <p className="faint" role="status">
        {t("commissioning.places", { count: found.length })}
      </p>
    </section>
  );
}
