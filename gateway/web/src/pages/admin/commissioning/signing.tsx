import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { signOff, withdrawSignOff } from "../../../api/calls";
import { keys } from "../../../api/keys";
import type { CommissionedDevice, Commissioning } from "../../../api/types";
import { useWords } from "../../../i18n/text";
import { Dialog } from "../../../parts/dialog";
import { Trouble } from "../../../parts/trouble";
import { lacks } from "./steps";

interface Props {
  list: Commissioning;
  picked: readonly CommissionedDevice[];
  onDone: () => void;
}

/** Sign the picked devices off, or take their sign-offs back. */
export function Signing({ list, picked, onDone }: Props) {
  const { t } = useWords();
  const [open, setOpen] = useState<"sign" | "withdraw" | null>(null);
  const unsigned = picked.filter((device) => lacks(device, "signed"));
  const signed = picked.filter((device) => !lacks(device, "signed"));
  const close = () => setOpen(null);
  const done = () => {
    close();
    onDone();
  };
  return (
    <>
      <button
        type="button"
        className="button solid"
        disabled={unsigned.length === 0}
        onClick={() => setOpen("sign")}
      >
        {t("commissioning.sign", { count: unsigned.length })}
      </button>
      <button
        type="button"
        className="button"
        disabled={signed.length === 0}
        onClick={() => setOpen("withdraw")}
      >
        {t("commissioning.withdraw", { count: signed.length })}
      </button>
      {open === "sign" && (
        <Dialog title={t("commissioning.signTitle", { count: unsigned.length })} onClose={close}>
          <Form list={list} devices={unsigned} withdrawing={false} onDone={done} />
        </Dialog>
      )}
      {open === "withdraw" && (
        <Dialog title={t("commissioning.withdrawTitle", { count: signed.length })} onClose={close}>
          <Form list={list} devices={signed} withdrawing onDone={done} />
        </Dialog>
      )}
    </>
  );
}

interface FormProps {
  list: Commissioning;
  devices: readonly CommissionedDevice[];
  withdrawing: boolean;
  onDone: () => void;
}

function Form({ list, devices, withdrawing, onDone }: FormProps) {
  const { t } = useWords();
  const id = useId();
  const cache = useQueryClient();
  const [remark, setRemark] = useState("");
  const [override, setOverride] = useState(false);
  const silent = withdrawing ? 0 : devices.filter((device) => lacks(device, "good")).length;
  const doubtful = withdrawing ? 0 : devices.filter((device) => device.plausible === "no").length;
  const sending = useMutation({
    mutationFn: () => {
      const named = devices.map(({ device }) => device);
      return withdrawing
        ? withdrawSignOff(list.place, { devices: named, remark })
        : signOff(list.place, {
            devices: named,
            remark,
            revision: list.revision,
            without_reading: override,
          });
    },
    onSuccess: (renewed) => {
      cache.setQueryData(keys.commissioning(list.place), renewed);
      onDone();
    },
  });
  return (
    <form
      className="signing"
      onSubmit={(event) => {
        event.preventDefault();
        sending.mutate();
      }}
    >
      {doubtful > 0 && <p>{t("commissioning.doubtful", { count: doubtful })}</p>}
      {silent > 0 && (
        <label className="override">
          <input
            type="checkbox"
            required
            checked={override}
            onChange={(event) => setOverride(event.target.checked)}
          />
          {t("commissioning.override", { count: silent })}
        </label>
      )}
      <label htmlFor={id} className="label">
        {t("commissioning.remark")}
      </label>
      <textarea
        id={id}
        className="input"
        maxLength={2000}
        required={withdrawing || silent > 0}
        value={remark}
        onChange={(event) => setRemark(event.target.value)}
      />
      <Trouble error={sending.error} />
      <div className="actions">
        <button type="submit" className="button solid" disabled={sending.isPending}>
          {t(withdrawing ? "commissioning.withdrawNow" : "commissioning.signNow")}
        </button>
      </div>
    </form>
  );
}
