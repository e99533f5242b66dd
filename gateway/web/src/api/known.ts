/** Calls about what is known of a place before an appeal is filed, and what its words read like. */
import type { components } from "./schema";
import { answer, GET, POST } from "./client";

type Schemas = components["schemas"];
export type KnownTrouble = Schemas["KnownTrouble"];
export type ReadingOut = Schemas["ReadingOut"];

/** A house, or a point on the map. */
export type Where = { place: string } | { latitude: number; longitude: number };

export const getKnown = (where: Where) =>
  answer(GET("/api/v1/public/known", { params: { query: where } }));
export const readWords = (description: string) =>
  answer(POST("/api/v1/public/reading", { body: { description } }));
