import createClient from "openapi-fetch";
import { ApiError, isProblem } from "./problem";
import type { paths } from "./schema";

export const PREFIX = "/api/v1";

// fetch is looked up at each call, so that a test may put its own in place.
const client = createClient<paths>({
  baseUrl: typeof location === "undefined" ? "" : location.origin,
  credentials: "same-origin",
  fetch: (request: Request) => fetch(request),
});
export const { GET, POST, PUT, DELETE } = client;

interface Reply<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Give the body of a good answer, or throw ApiError with what the server said. */
export async function answer<T>(reply: Promise<Reply<T>>): Promise<T> {
  let got: Reply<T>;
  try {
    got = await reply;
  } catch {
    throw new ApiError(0, null);
  }
  if (!got.response.ok) {
    throw new ApiError(got.response.status, isProblem(got.error) ? got.error : null);
  }
  return got.data as T;
}

/** Send a form with files; the browser writes the multipart boundary. */
export async function postForm<T>(
  path: string,
  form: FormData,
  method: "POST" | "PUT" = "POST",
): Promise<T> {
  const response = await fetch(PREFIX + path, {
    method,
    body: form,
    credentials: "same-origin",
  }).catch(() => {
    throw new ApiError(0, null);
  });
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(response.status, isProblem(body) ? body : null);
  return body as T;
}
