import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Link, useLocation, useSearchParams } from "wouter";
import { signIn } from "../api/calls";
import { keys } from "../api/keys";
import { isSignedOut } from "../api/problem";
import type { Me } from "../api/types";
import { useWords } from "../i18n/text";
import { LanguageSwitch, ThemeSwitch } from "../parts/switches";
import { Logo } from "../parts/logo";
import { Trouble } from "../parts/trouble";
import { safePath } from "./sign-in-path";
import "./sign-in.css";

const HOME: Record<Me["role"], string> = {
  dispatcher: "/control",
  executor: "/field",
  administrator: "/admin",
  resident: "/my-meters",
};
const NEXT = "next";

function kept(next: string | null): string | null {
  if (next) sessionStorage.setItem(NEXT, next);
  return safePath(next ?? sessionStorage.getItem(NEXT));
}

export default function SignIn() {
  const { t } = useWords();
  const [params] = useSearchParams();
  const [, go] = useLocation();
  const cache = useQueryClient();
  const [code, setCode] = useState("");
  // In the fragment, which neither a server's log nor a Referer header ever sees.
  const [token, setToken] = useState(() => location.hash.slice(1));
  const next = kept(params.get("next"));
  const enter = useMutation({
    mutationFn: signIn,
    onSuccess: (me) => {
      sessionStorage.removeItem(NEXT);
      cache.clear();
      cache.setQueryData(keys.me, me);
      go(next ?? HOME[me.role], { replace: true });
    },
  });
  const used = useRef("");
  const { mutate } = enter;
  useEffect(() => {
    if (!token || used.current === token) return;
    used.current = token;
    mutate(token);
  }, [token, mutate]);
  // A link that is pasted into this very tab changes the fragment and loads nothing.
  useEffect(() => {
    const pasted = () => setToken(location.hash.slice(1));
    addEventListener("hashchange", pasted);
    return () => removeEventListener("hashchange", pasted);
  }, []);

  const refused = enter.error !== null;
  return (
    <div className="sign-in">
      <header>
        <Logo />
        <span className="spring" />
        <LanguageSwitch />
        <ThemeSwitch />
      </header>
      <main>
        <h1>{t("session.title")}</h1>
        {enter.isPending && <p role="status">{t("session.working")}</p>}
        {!enter.isPending && params.has("ended") && <p>{t("session.ended")}</p>}
        {!enter.isPending && !params.has("ended") && !refused && (
          <p>{t("session.noToken", { example: `${location.origin}/sign-in#…` })}</p>
        )}
        {isSignedOut(enter.error) ? (
          <p className="notice" role="alert">
            {t("session.wrong")}
          </p>
        ) : (
          <Trouble error={enter.error} />
        )}
        <form
          onSubmit={(event) => {
            event.preventDefault();
            enter.mutate(code.trim().replace(/^.*#/, ""));
          }}
        >
          <label className="label" htmlFor="code">
            {t("session.code")}
          </label>
          <div className="row">
            <input
              id="code"
              className="input"
              autoComplete="off"
              spellCheck={false}
              required
              value={code}
              onChange={(event) => setCode(event.target.value)}
            />
            <button type="submit" className="button solid" disabled={enter.isPending}>
              {t("session.submit")}
            </button>
          </div>
        </form>
        <Link href="/">{t("session.toPortal")}</Link>
      </main>
    </div>
  );
}
