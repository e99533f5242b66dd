import { useQuery } from "@tanstack/react-query";
import { createContext, use, useEffect, type ReactNode } from "react";
import { useLocation } from "wouter";
import { getMe, signOut } from "../api/calls";
import { keys } from "../api/keys";
import { isSignedOut } from "../api/problem";
import type { Me } from "../api/types";
import { LiveProvider } from "../live/react";
import { Trouble, Waiting } from "./trouble";

const MeContext = createContext<Me | null>(null);

export function useMe(): Me {
  const me = use(MeContext);
  if (!me) throw new Error("useMe outside SignedIn");
  return me;
}

/** Show the page to who is signed in, by default with live updates; send others to the sign-in page and back here afterwards. */
export function SignedIn({ children, live = true }: { children: ReactNode; live?: boolean }) {
  const me = useQuery({ queryKey: keys.me, queryFn: getMe });
  const [, go] = useLocation();
  const ended = isSignedOut(me.error);
  useEffect(() => {
    if (!ended) return;
    const next = encodeURIComponent(location.pathname + location.search);
    go(`/sign-in?ended=1&next=${next}`, { replace: true });
  }, [ended, go]);
  if (ended) return null;
  if (me.data) {
    return (
      <MeContext value={me.data}>
        {live ? <LiveProvider>{children}</LiveProvider> : children}
      </MeContext>
    );
  }
  if (me.error) return <Trouble error={me.error} retry={() => void me.refetch()} />;
  return <Waiting />;
}

/** End the session and leave for the sign-in page, forgetting what was cached. */
export async function leave(): Promise<void> {
  await signOut();
  location.assign("/sign-in");
}
