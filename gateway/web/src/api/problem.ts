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

  /** The server's word on one field of a form, or null. Locations look like "body.description". */
  field(name: string): string | null {
    const found = this.problem?.errors.find(
      (error) => error["field"] === name || error["field"]?.split(".").at(-1) === name,
    );
    return found?.["detail"] ?? found?.["message"] ?? null;
  }
}

export function isProblem(body: unknown): body is Problem {
  return typeof body === "object" && body !== null && "detail" in body && "status" in body;
}

export const isSignedOut = (error: unknown) => error instanceof ApiError && error.status === 401;
