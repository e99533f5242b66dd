/** Answers to those who complained. */
import { answer, GET, POST } from "./client";
import { keys } from "./keys";
import type { components } from "./schema";

export type AnswerOut = components["schemas"]["AnswerOut"];
export type AnswerForm = components["schemas"]["AnswerForm"];
export type AnswerKind = AnswerForm["kind"];

export const answersKey = (id: number) => [...keys.case(id), "answers"] as const;
export const getAnswers = (number: number) =>
  answer(GET("/api/v1/cases/{number}/answers", { params: { path: { number } } }));
export const draftAnswer = (number: number, appeal: string, kind: AnswerKind) =>
  answer(
    GET("/api/v1/cases/{number}/answers/draft", {
      params: { path: { number }, query: { appeal, kind } },
    }),
  );
export const sendAnswer = (number: number, body: AnswerForm) =>
  answer(POST("/api/v1/cases/{number}/answers", { params: { path: { number } }, body }));
export const tellAnswer = (number: number) =>
  answer(POST("/api/v1/answers/{number}/told", { params: { path: { number } } }));
export const sendAnswerAgain = (number: number) =>
  answer(POST("/api/v1/answers/{number}/again", { params: { path: { number } } }));
