import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { makeEnrolmentToken, revokeEdge } from "../../api/calls";
import type { EdgeOut } from "../../api/types";
import { useTime } from "../../format/time";
import { useWords } from "../../i18n/text";
import { Dialog } from "../../parts/dialog";
import { Trouble } from "../../parts/trouble";

/** Let a machine become this edge, by a token; or call back what it was given. */
export function EdgeIdentity({ edge }: { edge: EdgeOut }) {
  const { t, say } = useWords();
  const [open, setOpen] = useState<"token" | "revoke" | null>(null);
  const title = { edge: say(edge.name) };
  const close = () => setOpen(null);
  return (
    <>
      <button type="button" className="button" onClick={() => setOpen("token")}>
        {t("admin.enrol")}
      </button>{" "}
      <button type="button" className="button quiet" onClick={() => setOpen("revoke")}>
        {t("admin.revoke")}
      </button>
      {open === "token" && (
        <Dialog title={t("admin.enrolTitle", title)} onClose={close}>
          <Token edge={edge.id} />
        </Dialog>
      )}
      {open === "revoke" && (
        <Dialog title={t("admin.revokeTitle", title)} onClose={close}>
          <Revocation edge={edge.id} />
        </Dialog>
      )}
    </>
  );
}

function Token({ edge }: { edge: string }) {
  const { t } = useWords();
  const time = useTime();
  const making = useMutation({ mutationFn: () => makeEnrolmentToken(edge) });
  if (!making.data) {
    return (
      <>
        <p>{t("admin.enrolLead")}</p>
        <Trouble error={making.error} />
        <button
          type="button"
          className="button primary"
          disabled={making.isPending}
          onClick={() => making.mutate()}
        >
          {t("admin.makeToken")}
        </button>
      </>
    );
  }
  const command = `kvartal edge enrol ${making.data.token}`;
  return (
    <div role="status">
      <p>{t("admin.tokenMade", { until: time.long(making.data.ends_at) })}</p>
      <code className="token">{command}</code>
      <button
        type="button"
        className="button"
        onClick={() => void navigator.clipboard.writeText(command)}
      >
        {t("admin.copy")}
      </button>
    </div>
  );
}

function Revocation({ edge }: { edge: string }) {
  const { t } = useWords();
  const revoking = useMutation({ mutationFn: () => revokeEdge(edge) });
  if (revoking.data) {
    return <p role="status">{t("admin.revoked", { count: revoking.data.certificates })}</p>;
  }
  return (
    <>
      <p>{t("admin.revokeLead")}</p>
      <Trouble error={revoking.error} />
      <button
        type="button"
        className="button primary"
        disabled={revoking.isPending}
        onClick={() => revoking.mutate()}
      >
        {t("admin.revokeNow")}
      </button>
    </>
  );
}
