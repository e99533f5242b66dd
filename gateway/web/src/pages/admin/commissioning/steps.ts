import type { CommissionedDevice } from "../../../api/types";

/** What a device may lack on its way into operation, in the order of the way. */
export const STEPS = ["seen", "good", "plausible", "signed"] as const;
export type Step = (typeof STEPS)[number];

const DONE: Record<Step, (device: CommissionedDevice) => boolean> = {
  seen: ({ seen, online }) => seen && online === true,
  good: ({ first_good }) => first_good !== null,
  plausible: ({ plausible }) => plausible === "yes" || plausible === "unjudged",
  signed: ({ signed }) => signed !== null,
};

export const lacks = (device: CommissionedDevice, step: Step) => !DONE[step](device);
