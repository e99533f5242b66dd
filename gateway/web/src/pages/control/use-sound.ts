import { useEffect, useMemo, useState } from "react";
import type { CaseRow } from "../../api/types";
import { ageOf, trustOf } from "../../live/health";
import { useHealth, useNow } from "../../live/react";
import { Sound, voiceFor } from "./sound";

const WATCHDOG_EVERY_S = 4;

/** Repeat the tone of what nobody has acknowledged; a dead stream has a tone of its own. */
export function useSound(rows: readonly CaseRow[]) {
  const [sound] = useState(() => new Sound());
  const [on, setOn] = useState(false);
  const health = useHealth();
  const now = useNow(2000);
  const dead = trustOf(ageOf(health, now)) === "red";
  const voice = useMemo(() => voiceFor(rows), [rows]);
  const priority = voice?.priority;
  const every = dead ? WATCHDOG_EVERY_S : voice?.every_s;
  useEffect(() => {
    if (!on || every === undefined) return;
    const sing = () => {
      if (dead) sound.watchdog();
      else if (priority) sound.play(priority);
    };
    sing();
    const timer = setInterval(sing, every * 1000);
    return () => clearInterval(timer);
  }, [sound, on, dead, priority, every]);
  return {
    on,
    toggle: () => {
      sound.unlock();
      setOn(!on);
    },
    test: () => {
      sound.unlock();
      sound.play("critical");
    },
  };
}
