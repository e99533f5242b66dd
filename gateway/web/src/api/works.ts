/** Calls about planned works. */
import { answer, GET, POST, postForm, PREFIX, PUT } from "./client";
import type { components } from "./schema";

export type PublicWorks = components["schemas"]["PublicWorks"];
export type PlannedWorks = components["schemas"]["PlannedWorks"];
export type PlanForm = components["schemas"]["PlanForm"];
export type WorkState = PublicWorks["state"];

export const worksKeys = {
  public: ["works", "public"] as const,
  planned: ["works", "planned"] as const,
  found: (q: string) => ["works", "assets", q] as const,
};

export const getPublicWorks = () => answer(GET("/api/v1/public/works", { params: { query: {} } }));
export const getPlannedWorks = () => answer(GET("/api/v1/works"));
export const findAssets = (q: string) => answer(GET("/api/v1/assets", { params: { query: { q } } }));
export const photoOfWorks = (number: number) => `${PREFIX}/public/works/${number}/photo`;

const path = (number: number) => ({ params: { path: { number } } });
export const draftWorks = (body: PlanForm) => answer(POST("/api/v1/works", { body }));
export const changeWorks = (number: number, body: PlanForm) =>
  answer(PUT("/api/v1/works/{number}", { ...path(number), body }));
export const publishWorks = (number: number) =>
  answer(POST("/api/v1/works/{number}/publish", path(number)));
export const beginWorks = (number: number) =>
  answer(POST("/api/v1/works/{number}/begin", path(number)));
export const prolongWorks = (number: number, until: string, reason: string) =>
  answer(POST("/api/v1/works/{number}/prolong", { ...path(number), body: { until, reason } }));
export const withdrawWorks = (number: number, reason: string) =>
  answer(POST("/api/v1/works/{number}/withdraw", { ...path(number), body: { reason } }));
export function finishWorks(number: number, result: string, photo: File | null) {
  const form = new FormData();
  form.set("result", result);
  if (photo) form.set("photo", photo);
  return postForm<PlannedWorks>(`/works/${number}/finish`, form);
}
