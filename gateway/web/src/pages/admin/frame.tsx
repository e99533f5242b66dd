import type { ReactNode } from "react";
import { Link } from "wouter";
import { PREFIX } from "../../api/client";
import { useWords } from "../../i18n/text";
import { Icon } from "../../parts/icon";
import { Logo } from "../../parts/logo";
import { leave, useMe } from "../../parts/signed-in";
import { LanguageSwitch, ThemeSwitch } from "../../parts/switches";
import "./admin.css";

/** What is around every page of administrators. */
export function Frame({ children }: { children: ReactNode }) {
  const { t, say } = useWords();
  const me = useMe();
  return (
    <div className="admin">
      <header>
        <Logo small />
        <nav>
          <Link href="/control">{t("admin.toControl")}</Link>
          <Link href="/admin">{t("admin.devices")}</Link>
          <Link href="/admin/commissioning">{t("commissioning.title")}</Link>
          <Link href="/admin/routing">{t("routing.title")}</Link>
          <Link href="/works/plan">{t("works.title")}</Link>
          <Link href="/figures">{t("service.short")}</Link>
          <Link href="/meters">{t("meters.title")}</Link>
          <a href={`${PREFIX}/registry`} target="_blank" rel="noreferrer">
            {t("admin.registry")}
          </a>
        </nav>
        <span className="spring" />
        <p className="faint">{`${me.name} · ${say(me.place_name)}`}</p>
        <LanguageSwitch />
        <ThemeSwitch />
        <button
          type="button"
          className="button quiet icon"
          aria-label={t("session.signOut")}
          onClick={() => void leave()}
        >
          <Icon name="leave" />
        </button>
      </header>
      <main>{children}</main>
    </div>
  );
}
