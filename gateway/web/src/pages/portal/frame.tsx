import type { ReactNode } from "react";
import { Link } from "wouter";
import { useWords } from "../../i18n/text";
import { Logo } from "../../parts/logo";
import { LanguageSwitch, ThemeSwitch } from "../../parts/switches";
import "./portal.css";

/** What all pages for residents have around them. */
export function PortalFrame({ children }: { children: ReactNode }) {
  const { t } = useWords();
  return (
    <div className="portal">
      <a className="skip" href="#content">
        {t("common.skip")}
      </a>
      <header>
        <Link href="/" className="home">
          <Logo />
        </Link>
        <nav>
          <Link href="/follow">{t("portal.follow")}</Link>
          <Link href="/works">{t("works.title")}</Link>
          <Link href="/my-meters">{t("meters.mine")}</Link>
        </nav>
        <LanguageSwitch />
        <ThemeSwitch />
      </header>
      <main id="content">{children}</main>
      <footer>
        <Link href="/league">{t("service.league")}</Link>
        <Link href="/sign-in">{t("portal.staff")}</Link>
      </footer>
    </div>
  );
}
