import type { ReactNode } from "react";

/** A titled part of a card. */
export function Section({
  title,
  aside,
  children,
}: {
  title: string;
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="card-section">
      <header>
        <h3 className="label">{title}</h3>
        {aside}
      </header>
      {children}
    </section>
  );
}
