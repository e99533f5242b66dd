/** Calls about how well troubles are dealt with. */
import { answer, GET, PREFIX } from "./client";
import type { components } from "./schema";

export type ServiceLine = components["schemas"]["ServiceLine"];
export type By = "municipality" | "executor" | "kind";
export interface Asked {
  by: By;
  since: string;
  until: string;
}

export const getServiceFigures = (query: Asked) =>
  answer(GET("/api/v1/service-figures", { params: { query } }));
export const getLeague = () => answer(GET("/api/v1/public/league"));
export const serviceFiguresUrl = (asked: Asked, language: string) =>
  `${PREFIX}/service-figures.csv?${new URLSearchParams({ ...asked, language }).toString()}`;
