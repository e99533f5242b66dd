import { useCallback, useState } from "react";

function stored<T>(key: string, initial: T): T {
  try {
    const text = sessionStorage.getItem(key);
    return text === null ? initial : (JSON.parse(text) as T);
  } catch {
    return initial;
  }
}

/** State that survives a reload and the end of a session, until clear() is called. */
export function useDraft<T>(name: string, initial: T): [T, (value: T) => void, () => void] {
  const key = `kvartal.draft.${name}`;
  const [held, setHeld] = useState(() => ({ key, value: stored(key, initial) }));
  // Another subject has its own draft.
  const current = held.key === key ? held : { key, value: stored(key, initial) };
  if (current !== held) setHeld(current);
  const set = useCallback(
    (value: T) => {
      setHeld({ key, value });
      try {
        sessionStorage.setItem(key, JSON.stringify(value));
      } catch {
        // Storage is full or forbidden; the words stay on the screen.
      }
    },
    [key],
  );
  const clear = useCallback(() => {
    setHeld({ key, value: initial });
    try {
      sessionStorage.removeItem(key);
    } catch {
      // Nothing was stored then.
    }
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `initial` is a fresh object at each call
  }, [key]);
  return [current.value, set, clear];
}
