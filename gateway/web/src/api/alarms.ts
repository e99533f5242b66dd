/** Calls about how good the alarms of a console are. */
import { answer, GET, POST, PREFIX } from "./client";
import type { components } from "./schema";

export type AlarmFigures = components["schemas"]["AlarmFigures"];
export type FigureOut = components["schemas"]["FigureOut"];
export type FloodOut = components["schemas"]["FloodOut"];

export interface Period {
  place: string;
  since: string;
  until: string;
}

export const getAlarmFigures = (query: Period) =>
  answer(GET("/api/v1/alarm-figures", { params: { query } }));
export const alarmFiguresUrl = (period: Period, language: string) =>
  `${PREFIX}/alarm-figures.csv?${new URLSearchParams({ ...period, language }).toString()}`;
export const getFlood = () => answer(GET("/api/v1/flood"));

/** The second person's word, without which the worst alarms are not shelved. */
export const confirmSuppression = (number: number) =>
  answer(POST("/api/v1/suppressions/{number}/confirm", { params: { path: { number } } }));
