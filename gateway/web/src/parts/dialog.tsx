import { useEffect, useId, useRef, type ReactNode } from "react";
import { useWords } from "../i18n/text";
import { Icon } from "./icon";

/** A modal dialog of the browser: it keeps the focus inside and gives it back when it closes. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  title: string;
  onClose: () => void;
  children: ReactNode;
}) {
  const { t } = useWords();
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={heading} onCancel={onClose}>
      <header>
        <h2 id={heading}>{title}</h2>
        <button
          type="button"
          className="button icon quiet"
          aria-label={t("common.close")}
          onClick={onClose}
        >
          <Icon name="cross" />
        </button>
      </header>
      <div className="inside">{children}</div>
    </dialog>
  );
}
