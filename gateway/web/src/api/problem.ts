import type { Problem } from "./types";

/** An answer of the API that is not the one asked for. status 0: the server was not reached. */
export class ApiError extends Error {
  readonly status: number;
  readonly problem: Problem | null;

  constructor(status: number, problem: Problem | null) {
    super(problem?.detail ?? `HTTP ${status}`);
    this.name = "ApiError";
    this.status = status;
    this.problem = problem;
  }

  /** The server's word in `language` on the first of these fields of a form that is wrong, or null. */
  field(language: string, ...names: string[]): string | null {
    const found = this.problem?.errors.find((error) => names.includes(nameOf(error)));
    return found ? wordsOf(found, language) : null;
  }

  /** All that the server said, in `language` where it knows it; null when it said nothing. */
  words(language: string): string | null {
    const points = this.problem?.errors.map((error) => error[language]) ?? [];
    const known = points.length > 0 && points.every(Boolean);
    return known ? points.join(" ") : (this.problem?.detail ?? null);
  }
}

/** Locations look like "body.description". */
const nameOf = (error: Record<string, string>) => error["field"]?.split(".").at(-1) ?? "";

const wordsOf = (error: Record<string, string>, language: string) =>
  error[language] ?? error["message"] ?? null;

export function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "detail" in body && "status" in body;
}

const OF_THE_MOMENT = [408, 429]; // asking again may help

/** Tell whether the server has refused the question itself, so that asking again changes nothing. */
export const isRefused = (error: unknown) =>
  error instanceof ApiError &&
  error.status >= 400 &&
  error.status < 500 &&
  !OF_THE_MOMENT.includes(error.status);

export const isSignedOut = (error: unknown) => error instanceof ApiError && error.status === 401;
