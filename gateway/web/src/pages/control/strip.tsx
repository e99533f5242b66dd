import { Link } from "wouter";
import type { CaseRow } from "../../api/types";
import { useTime } from "../../format/time";
import { useWords } from "../../i18n/text";
import { ageOf, trustOf } from "../../live/health";
import { useHealth, useNow } from "../../live/react";
import { Icon } from "../../parts/icon";
import { Logo } from "../../parts/logo";
import { PriorityMark } from "../../parts/priority";
import { leave, useMe } from "../../parts/signed-in";
import { LanguageSwitch, ThemeSwitch } from "../../parts/switches";
import type { useSound } from "./use-sound";
import { Suppressions } from "./suppressions";
import { countsOf } from "./worklist/order";
import "./strip.css";

interface Props {
  cases: readonly CaseRow[];
  sound: ReturnType<typeof useSound>;
  keysOn: boolean;
  onKeys: () => void;
  onHelp: () => void;
}

/** The top of the control room: time, trust in the picture, what is open, who is on duty. */
export function Strip({ cases, sound, keysOn, onKeys, onHelp }: Props) {
  const { t, say } = useWords();
  const time = useTime();
  const me = useMe();
  const now = useNow();
  return (
    <header className="strip">
      <Logo small />
      <p className="clock">
        <time aria-label={t("control.clock")}>{time.clock(now)}</time>
        <span>{time.weekday(now)}</span>
      </p>
      <Connection />
      <Counters cases={cases} now={now} />
      <Suppressions />
      <Link
        href="/works/plan"
        className="button quiet icon"
        aria-label={t("works.title")}
        title={t("works.title")}
      >
        <Icon name="calendar" />
      </Link>
      <span className="spring" />
      <p className="operator">
        <strong>{me.name}</strong>
        <span>{`${t(`role.${me.role}`)} · ${say(me.place_name)}`}</span>
      </p>
      <div className="switches">
        <button
          type="button"
          className="button quiet icon"
          aria-pressed={sound.on}
          aria-label={t(sound.on ? "control.soundOn" : "control.soundOff")}
          title={t(sound.on ? "control.soundOn" : "control.soundOff")}
          onClick={sound.toggle}
        >
          <Icon name={sound.on ? "sound" : "mute"} />
        </button>
        <button
          type="button"
          className="button quiet icon"
          aria-label={t("control.soundTest")}
          title={t("control.soundTest")}
          onClick={sound.test}
        >
          <Icon name="bell" />
        </button>
        <button
          type="button"
          className="button quiet icon"
          aria-pressed={keysOn}
          aria-label={t(keysOn ? "control.keysOn" : "control.keysOff")}
          title={t(keysOn ? "control.keysOn" : "control.keysOff")}
          onClick={onKeys}
        >
          <Icon name="keys" />
        </button>
        <button
          type="button"
          className="button quiet icon"
          aria-label={t("control.help")}
          title={t("control.help")}
          onClick={onHelp}
        >
          {"?"}
        </button>
        <ThemeSwitch />
        <LanguageSwitch />
        <Link
          href="/control/figures"
          className="button quiet icon"
          aria-label={t("alarms.figures")}
          title={t("alarms.figures")}
        >
          <Icon name="figures" />
        </Link>
        {me.role === "administrator" && (
          <Link
            href="/admin"
            className="button quiet icon"
            aria-label={t("control.administration")}
            title={t("control.administration")}
          >
            <Icon name="gear" />
          </Link>
        )}
        <button
          type="button"
          className="button quiet icon"
          aria-label={t("session.signOut")}
          title={t("session.signOut")}
          onClick={() => void leave()}
        >
          <Icon name="leave" />
        </button>
      </div>
    </header>
  );
}

function Connection() {
  const { t } = useWords();
  const time = useTime();
  const health = useHealth();
  const age = ageOf(health, useNow());
  const trust = trustOf(age);
  const words = health.phase === "open" ? "live" : trust === "red" ? "offline" : "connecting";
  return (
    <p className={`connection ${trust} ${health.phase}`} title={t("control.dataAge")}>
      <span className="dot" />
      <span>{t(`control.${words}`)}</span>
      <span className="data-age">
        <span className="hidden">{t("control.dataAge")}</span>
        {health.dataAge === null ? t("control.noData") : time.age(age)}
      </span>
    </p>
  );
}

function Counters({ cases, now }: { cases: readonly CaseRow[]; now: number }) {
  const { t } = useWords();
  const counts = countsOf(cases, now);
  const late = counts.reduce((sum, count) => sum + count.overdue, 0);
  return (
    <ul className="counters">
      {counts.map((count) => (
        <li key={count.priority} className={count.active ? count.priority : "calm"}>
          <PriorityMark priority={count.priority} size={17} />
          <span className="numbers">
            <strong>{count.active}</strong>
            <span className="hidden">{t("control.active")}</span>
            {count.unacknowledged > 0 && (
              <span className="unacknowledged" title={t("control.unacknowledged")}>
                {`!${count.unacknowledged}`}
                <span className="hidden">{t("control.unacknowledged")}</span>
              </span>
            )}
          </span>
        </li>
      ))}
      <li className={late ? "late" : "calm"} title={t("control.overdue")}>
        <Icon name="clock" />
        <strong>{late}</strong>
        <span className="hidden">{t("control.overdue")}</span>
      </li>
    </ul>
  );
}
