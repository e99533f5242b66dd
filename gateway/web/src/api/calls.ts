/** Every call of the HTTP API that the pages make, one function each. */
import { answer, DELETE, GET, POST, postForm, PREFIX } from "./client";
import type { AppealReceipt, CaseVerb, ClassifyForm, ClockVerb, CommandIn, ContestForm, Feedback, HandOver, MapOut, MergeForm, ReadingForm, SeparateForm, Shelve, SignOffForm, Suppress, Trial, Verb, WithdrawalForm } from "./types";

export const getMe = () => answer(GET("/api/v1/me"));
export const signIn = (token: string) => answer(POST("/api/v1/session", { body: { token } }));
export const signOut = () => answer(DELETE("/api/v1/session"));

// openapi-fetch forgets that the bounds are a tuple of four.
export const getPublicMap = async () => (await answer(GET("/api/v1/public/map"))) as MapOut;
export const getCategories = () => answer(GET("/api/v1/public/categories"));
export const fileAppeal = (form: FormData) => postForm<AppealReceipt>("/public/appeals", form);
export const followAppeal = (number: string, key: string) =>
  answer(GET("/api/v1/public/appeals/{number}", { params: { path: { number }, query: { key } } }));
export const answerAppeal = (number: string, body: Feedback) =>
  answer(POST("/api/v1/public/appeals/{number}/feedback", { params: { path: { number } }, body }));

export const getMap = async () => (await answer(GET("/api/v1/map"))) as MapOut;
export const getPlaces = () => answer(GET("/api/v1/places"));
export const getCommissioning = (place: string) =>
  answer(GET("/api/v1/places/{place}/commissioning", { params: { path: { place } } }));
export const commissioningTable = (place: string, language: string) =>
  `${PREFIX}/places/${encodeURIComponent(place)}/commissioning.csv?language=${language}`;
export const signOff = (place: string, body: SignOffForm) =>
  answer(POST("/api/v1/places/{place}/commissioning/sign-off", { params: { path: { place } }, body }));
export const withdrawSignOff = (place: string, body: WithdrawalForm) =>
  answer(POST("/api/v1/places/{place}/commissioning/withdrawal", { params: { path: { place } }, body }));
export const getMeters = (place: string) => answer(GET("/api/v1/meters", { params: { query: { place } } }));
export const getConsumption = (asset: string, step: "day" | "month", start: string) =>
  answer(
    GET("/api/v1/meters/{asset}/consumption", { params: { path: { asset }, query: { step, start } } }),
  );
export const getReadings = (asset: string) =>
  answer(GET("/api/v1/meters/{asset}/readings", { params: { path: { asset } } }));
export const enterReading = (asset: string, body: ReadingForm) =>
  answer(POST("/api/v1/meters/{asset}/readings", { params: { path: { asset } }, body }));
export const getBalance = (place: string, start: string, end: string) =>
  answer(
    GET("/api/v1/places/{place}/balance", { params: { path: { place }, query: { start, end } } }),
  );
export const closedPeriod = (place: string, month: string, language: string) =>
  `${PREFIX}/meters/closed-period.csv?${new URLSearchParams({ place, month, language }).toString()}`;
export const getEdges = () => answer(GET("/api/v1/edges"));
export const getEdgeHealth = (identifier: string) =>
  answer(GET("/api/v1/edges/{identifier}/health", { params: { path: { identifier } } }));
export const getHealthSeries = (identifier: string, key: string, start: Date, end: Date) =>
  answer(
    GET("/api/v1/edges/{identifier}/health/{key}/series", {
      params: {
        path: { identifier, key },
        query: { start: start.toISOString(), end: end.toISOString() },
      },
    }),
  );
export const makeEnrolmentToken = (edge: string) =>
  answer(POST("/api/v1/edges/{edge}/enrolment", { params: { path: { edge } } }));
export const revokeEdge = (edge: string) =>
  answer(POST("/api/v1/edges/{edge}/revocation", { params: { path: { edge } } }));
export const getDevices = (lost?: boolean) =>
  answer(GET("/api/v1/devices", { params: { query: lost === undefined ? {} : { lost } } }));
export const getDevice = (identifier: string) =>
  answer(GET("/api/v1/devices/{identifier}", { params: { path: { identifier } } }));
export const getAsset = (identifier: string) =>
  answer(GET("/api/v1/assets/{identifier}", { params: { path: { identifier } } }));
export const getSeries = (identifier: string, key: string, start: Date, end: Date, points = 600) =>
  answer(
    GET("/api/v1/devices/{identifier}/signals/{key}/series", {
      params: {
        path: { identifier, key },
        query: { start: start.toISOString(), end: end.toISOString(), points },
      },
    }),
  );

/** Those that are active or that nobody has acknowledged yet. */
export async function getOpenIncidents() {
  const [active, waiting] = await Promise.all([
    answer(GET("/api/v1/incidents", { params: { query: { active: true } } })),
    answer(GET("/api/v1/incidents", { params: { query: { unacknowledged: true } } })),
  ]);
  return [...new Map([...active, ...waiting].map((incident) => [incident.id, incident])).values()];
}
export const getAssetIncidents = (asset: string) =>
  answer(GET("/api/v1/incidents", { params: { query: { asset } } }));

const ACKNOWLEDGED_AT_ONCE = 1000; // the API takes no more
/** A comment stands in the timelines, and goes to a device that keeps one. */
export async function acknowledge({
  incidents,
  comment = "",
}: {
  incidents: readonly number[];
  comment?: string;
}) {
  for (let from = 0; from < incidents.length; from += ACKNOWLEDGED_AT_ONCE) {
    const part = incidents.slice(from, from + ACKNOWLEDGED_AT_ONCE);
    const body = { incidents: part, comment };
    await answer(POST("/api/v1/incidents/acknowledge", { body }));
  }
}
export const shelve = (number: number, body: Shelve) =>
  answer(POST("/api/v1/incidents/{number}/shelve", { params: { path: { number } }, body }));
export const resetIncident = (number: number) =>
  answer(POST("/api/v1/incidents/{number}/reset", { params: { path: { number } } }));
export const getSuppressions = () => answer(GET("/api/v1/suppressions"));
export const suppress = (body: Suppress) => answer(POST("/api/v1/suppressions", { body }));
export const endSuppression = (number: number) =>
  answer(POST("/api/v1/suppressions/{number}/end", { params: { path: { number } } }));

export type CaseFilter = "open" | "closed" | "all";
export const getCases = (state: CaseFilter) =>
  answer(GET("/api/v1/cases", { params: { query: { state } } }));
export const getCase = (number: number) =>
  answer(GET("/api/v1/cases/{number}", { params: { path: { number } } }));

export function moveCase(verb: Verb, number: number, body: CaseVerb) {
  const params = { path: { number } };
  switch (verb) {
    case "accept":
      return answer(POST("/api/v1/cases/{number}/accept", { params, body }));
    case "resolve":
      return answer(POST("/api/v1/cases/{number}/resolve", { params, body }));
    case "close":
      return answer(POST("/api/v1/cases/{number}/close", { params, body }));
    case "overrule":
      return answer(POST("/api/v1/cases/{number}/overrule", { params, body }));
    case "reopen":
      return answer(POST("/api/v1/cases/{number}/reopen", { params, body }));
  }
}
export const pauseClock = (number: number, body: ClockVerb) =>
  answer(POST("/api/v1/cases/{number}/pause", { params: { path: { number } }, body }));
export const resumeClock = (number: number, body: ClockVerb) =>
  answer(POST("/api/v1/cases/{number}/resume", { params: { path: { number } }, body }));
export const getRouting = () => answer(GET("/api/v1/routing"));
export const routingSheetUrl = (language: string) =>
  `${PREFIX}/routing/table.csv?language=${language}`;
/** Try a sheet on the cases of some days, by default of yesterday. */
export function tryRouting(sheet: File, since: string, until: string) {
  const form = new FormData();
  form.set("sheet", sheet);
  if (since) form.set("since", since);
  if (until) form.set("until", until);
  return postForm<Trial>("/routing/trial", form);
}
export function putRouting(sheet: File, revision: number) {
  const form = new FormData();
  form.set("sheet", sheet);
  form.set("revision", String(revision));
  return postForm<{ revision: number }>("/routing", form, "PUT");
}
export const getExecutors = () => answer(GET("/api/v1/routing/executors"));
export const classifyCase = (number: number, body: ClassifyForm) =>
  answer(POST("/api/v1/cases/{number}/classify", { params: { path: { number } }, body }));
export const mergeCase = (number: number, body: MergeForm) =>
  answer(POST("/api/v1/cases/{number}/merge", { params: { path: { number } }, body }));
export const separateCase = (number: number, body: SeparateForm) =>
  answer(POST("/api/v1/cases/{number}/separate", { params: { path: { number } }, body }));
export const contestCase = (number: number, body: ContestForm) =>
  answer(POST("/api/v1/cases/{number}/contest", { params: { path: { number } }, body }));
export const decideContest = (number: number, body: HandOver) =>
  answer(POST("/api/v1/cases/{number}/contest/decide", { params: { path: { number } }, body }));
export const handOver = (number: number, body: HandOver) =>
  answer(POST("/api/v1/cases/{number}/hand-over", { params: { path: { number } }, body }));
export const addNote = (number: number, body: CaseVerb) =>
  answer(POST("/api/v1/cases/{number}/note", { params: { path: { number } }, body }));
export const evidenceUrl = (id: number) => `${PREFIX}/evidence/${id}`;
export const stillUrl = (asset: string) => `${PREFIX}/assets/${encodeURIComponent(asset)}/still`;

export const prepareCommand = (body: CommandIn) => answer(POST("/api/v1/commands", { body }));
export const confirmCommand = (identifier: string) =>
  answer(POST("/api/v1/commands/{identifier}/confirm", { params: { path: { identifier } } }));
export const getCommand = (identifier: string) =>
  answer(GET("/api/v1/commands/{identifier}", { params: { path: { identifier } } }));
