import { useEffect, useRef, useState } from "react";
import { Link } from "wouter";
import type { AppealReceipt } from "../../api/types";
import { useTime } from "../../format/time";
import { useWords } from "../../i18n/text";
import { Icon } from "../../parts/icon";

/** What the applicant keeps: the number, the expected time, the link to follow it by. */
export function Receipt({ receipt, onAnother }: { receipt: AppealReceipt; onAnother: () => void }) {
  const { t } = useWords();
  const time = useTime();
  const heading = useRef<HTMLHeadingElement>(null);
  const [copied, setCopied] = useState(false);
  useEffect(() => heading.current?.focus(), []);
  const path = `/follow?${new URLSearchParams({ number: receipt.number, key: receipt.key }).toString()}`;
  const link = location.origin + path;
  return (
    <section className="receipt">
      <span className="seal">
        <Icon name="check" size={28} />
      </span>
      <h1 ref={heading} tabIndex={-1}>
        {t("portal.receiptTitle")}
      </h1>
      {receipt.joined && <p className="lead">{t("portal.receiptJoined")}</p>}
      <dl>
        <div>
          <dt className="label">{t("portal.number")}</dt>
          <dd className="figure">{receipt.number}</dd>
        </div>
        {receipt.expected_at && (
          <div>
            <dt className="label">{t("portal.expected")}</dt>
            <dd className="figure">{time.long(receipt.expected_at)}</dd>
          </div>
        )}
      </dl>
      <label className="label" htmlFor="follow-link">
        {t("portal.keepLink")}
      </label>
      <div className="copy-row">
        <input
          id="follow-link"
          className="input"
          readOnly
          value={link}
          onFocus={(event) => event.target.select()}
        />
        <button
          type="button"
          className="button"
          onClick={() => void navigator.clipboard.writeText(link).then(() => setCopied(true))}
        >
          {t(copied ? "common.copied" : "common.copy")}
        </button>
      </div>
      <div className="after">
        <Link href={path} className="button solid large">
          {t("portal.followNow")}
        </Link>
        <button type="button" className="button large" onClick={onAnother}>
          {t("portal.another")}
        </button>
      </div>
    </section>
  );
}
