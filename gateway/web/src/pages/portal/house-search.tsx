import { useId, useState, type KeyboardEvent } from "react";
import { useWords } from "../../i18n/text";
import { findHouses, type House } from "./places";

const SHOWN = 8;

/** A combobox over the houses of the town: type words, choose with arrows or the pointer. */
export function HouseSearch({
  houses,
  invalid,
  errorId,
  onChoose,
}: {
  houses: House[];
  invalid: boolean;
  errorId: string;
  onChoose: (house: House) => void;
}) {
  const { t } = useWords();
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const found = findHouses(houses, typed);
  const shown = found.slice(0, SHOWN);

  function onKeyDown(event: KeyboardEvent) {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const house = shown[at];
    if (move && shown.length) setAt((at + move + shown.length) % shown.length);
    else if (event.key === "Enter" && house) onChoose(house);
    else if (event.key === "Escape") setTyped("");
    else return;
    event.preventDefault();
  }

  return (
    <div className="house-search">
      <label htmlFor={`${id}-input`} className="label">
        {t("portal.house")}
      </label>
      <input
        id={`${id}-input`}
        className="input"
        role="combobox"
        aria-expanded={shown.length > 0}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={shown.length ? `${id}-${at}` : undefined}
        aria-invalid={invalid}
        aria-describedby={errorId}
        autoComplete="off"
        placeholder={t("portal.housePlaceholder")}
        value={typed}
        onKeyDown={onKeyDown}
        onChange={(event) => {
          setTyped(event.target.value);
          setAt(0);
        }}
      />
      <div
        className="options"
        id={`${id}-list`}
        role="listbox"
        aria-label={t("portal.house")}
        hidden={!shown.length}
      >
        {shown.map((house, index) => (
          // The keyboard is served by the input above, as the combobox pattern asks.
          // eslint-disable-next-line jsx-a11y/click-events-have-key-events
          <div
            key={house.id}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === at}
            tabIndex={-1}
            onPointerEnter={() => setAt(index)}
            onClick={() => onChoose(house)}
          >
            {house.name}
          </div>
        ))}
      </div>
      <p className="hidden" role="status">
        {typed && t("portal.housesFound", { count: found.length })}
      </p>
      {typed && !found.length && <p className="hint">{t("portal.houseNone")}</p>}
    </div>
  );
}
