import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState, type ReactNode } from "react";
import { Link } from "wouter";
import { getDevice } from "../../api/calls";
import { keys } from "../../api/keys";
import type { IncidentOut } from "../../api/types";
import { remember, remembered } from "../../format/remembered";
import { useTime } from "../../format/time";
import { useWords } from "../../i18n/text";
import { useLive } from "../../live/react";
import { Icon } from "../../parts/icon";
import { useAssetName } from "../../parts/asset-name";
import { PriorityMark } from "../../parts/priority";
import { firstEvents, folded, withNew, type TapeEvent } from "./tape";
import "./tape.css";

/** The last events, newest first, in a pane that folds away. */
export function TapePane({ incidents }: { incidents: readonly IncidentOut[] }) {
  const { t } = useWords();
  const live = useLive();
  const [fresh, setFresh] = useState<TapeEvent[]>([]);
  const [open, setOpen] = useState(() => remembered("tape") !== "folded");
  useEffect(() => live.read((changes) => setFresh((events) => withNew(events, changes))), [live]);
  const known = useMemo(() => firstEvents(incidents), [incidents]);
  // What was there before the page was opened comes below what has happened since.
  const oldest = fresh.at(-1)?.at;
  const lines = useMemo(
    () => folded([...fresh, ...known.filter(({ at }) => oldest === undefined || at < oldest)]),
    [fresh, known, oldest],
  );
  const toggle = () => {
    remember("tape", open ? "folded" : "open");
    setOpen(!open);
  };
  return (
    <section className={open ? "tape" : "tape folded"} aria-label={t("control.tape")}>
      <button type="button" className="fold" aria-expanded={open} onClick={toggle}>
        <Icon name={open ? "down" : "up"} size={14} />
        <span className="label">{t("control.tape")}</span>
        <span className="hidden">{t(open ? "tape.hide" : "tape.show")}</span>
        {!open && lines[0]?.[0] && <Line event={lines[0][0]} times={lines[0].length} />}
      </button>
      {open && (
        // A pane that scrolls must be reachable by keyboard.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        <ol tabIndex={0} aria-label={t("control.tape")}>
          {lines.map((events) => (
            // A burst that grows keeps its oldest event.
            <Burst key={events.at(-1)?.id} events={events} />
          ))}
          {!lines.length && <li className="faint">{t("tape.empty")}</li>}
        </ol>
      )}
    </section>
  );
}

/** One event, or many that are one: told once, and each by itself when asked. */
function Burst({ events }: { events: readonly TapeEvent[] }) {
  const { t } = useWords();
  const [open, setOpen] = useState(false);
  const [event] = events;
  if (!event) return null;
  const count = events.length;
  return (
    <li>
      <Line event={event} times={count}>
        {count > 1 && (
          <button
            type="button"
            className="times"
            aria-expanded={open}
            aria-label={t("tape.unfold", { count })}
            onClick={() => setOpen(!open)}
          >
            {`×${count}`}
          </button>
        )}
      </Line>
      {open && count > 1 && (
        <ol>
          {events.map((each) => (
            <li key={each.id}>
              <Line event={each} />
            </li>
          ))}
        </ol>
      )}
    </li>
  );
}

function Line({
  event,
  times = 1,
  children,
}: {
  event: TapeEvent;
  times?: number;
  children?: ReactNode;
}) {
  const { t, say } = useWords();
  const time = useTime();
  const words = useEventWords();
  const { kind } = event.what;
  const command = event.what.kind === "commandChanged" ? event.what : null;
  const { data: device } = useQuery({
    queryKey: keys.device(command?.device ?? ""),
    queryFn: () => getDevice(command?.device ?? ""),
    enabled: command !== null,
    staleTime: Infinity,
  });
  const signal = device?.signals.find((each) => each.key === command?.signal);
  const subject = say(device?.name ?? event.subject);
  const assetName = useAssetName();
  return (
    <span className="line">
      <time dateTime={event.at}>{time.clock(event.at)}</time>
      <span className="mark">
        {event.severity && <PriorityMark priority={event.severity} size={13} />}
      </span>
      <span>
        {times > 1 && (kind === "deviceLost" || kind === "deviceOnline") ? (
          t(`tape.${kind}Many`, { count: times })
        ) : (
          <>
            {event.link ? <Link href={event.link}>{subject}</Link> : subject}{" "}
            <span className="what">{words(event, signal && say(signal.name))}</span>
          </>
        )}
        {event.asset && times === 1 && <span className="about">{assetName(event.asset)}</span>}
        {children}
      </span>
    </span>
  );
}

function useEventWords() {
  const { t, language } = useWords();
  return ({ what }: TapeEvent, signal?: string): string => {
    switch (what.kind) {
      case "caseChanged":
        return t("tape.caseChanged", {
          id: what.id,
          state: t(`state.${what.state}`).toLocaleLowerCase(language),
        });
      case "commandChanged":
        return t("tape.commandChanged", {
          signal: signal || what.signal,
          state: t(`command.state.${what.state as "sent"}`).toLocaleLowerCase(language),
        });
      default:
        return t(`tape.${what.kind}`);
    }
  };
}
