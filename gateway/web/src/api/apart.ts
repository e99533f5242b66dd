/** The call that makes appeals of their own of the troubles that one message tells of. */
import { answer, POST } from "./client";
import type { components } from "./schema";

export type TakeApartForm = components["schemas"]["TakeApartForm"];

export const takeApart = (number: number, body: TakeApartForm) =>
  answer(POST("/api/v1/cases/{number}/take-apart", { params: { path: { number } }, body }));
