import { answer, POST } from "./client";
import type { components } from "./schema";

export type ReplacementForm = components["schemas"]["ReplacementForm"];

/** Record that a new device took the place of the one that serves an asset. */
export const replaceDevice = (identifier: string, body: ReplacementForm) =>
  answer(POST("/api/v1/assets/{identifier}/replacement", { params: { path: { identifier } }, body }));
