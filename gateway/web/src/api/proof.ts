/** Calls about what proves the work: photos, acts, numbers to take photos with. */
import { answer, GET, POST, postForm } from "./client";
import { keys } from "./keys";
import type { components } from "./schema";

type Schemas = components["schemas"];
export type EvidenceOut = Schemas["EvidenceOut"];
export type NonceOut = Schemas["NonceOut"];

export function addPhoto(number: number, photo: File) {
  const form = new FormData();
  form.set("photo", photo);
  return postForm<EvidenceOut>(`/cases/${number}/evidence`, form);
}
export function addAct(number: number, paper: File) {
  const form = new FormData();
  form.set("paper", paper);
  return postForm<EvidenceOut>(`/cases/${number}/acts`, form);
}
export const giveNonces = (number: number, count = 1) =>
  answer(POST("/api/v1/cases/{number}/nonces", { params: { path: { number } }, body: { count } }));

/** A photo and what the phone knows of it. */
export interface Capture {
  id: string;
  photo: Blob;
  item: string;
  nonce: string;
  tag: string;
  takenAt: Date;
  position: { latitude: number; longitude: number; accuracy: number } | null;
}
export function sendCapture(number: number, capture: Capture) {
  const form = new FormData();
  form.set("id", capture.id);
  form.set("item", capture.item);
  form.set("nonce", capture.nonce);
  form.set("tag", capture.tag);
  form.set("taken_at", capture.takenAt.toISOString());
  if (capture.position) {
    form.set("latitude", String(capture.position.latitude));
    form.set("longitude", String(capture.position.longitude));
    form.set("accuracy_m", String(capture.position.accuracy));
  }
  form.set("photo", capture.photo, "photo.jpg");
  return postForm<EvidenceOut>(`/cases/${number}/captures`, form);
}

export type WorkOut = Schemas["WorkOut"];
export type WorkItem = Schemas["ItemOut"];
export type WorkVerb = WorkOut["verbs"][number];
export type Entry = Omit<Schemas["EntryForm"], "id" | "told_at">;

/** Below the case, so that what changes a case renews it too. */
export const workKey = (number: number) => [...keys.case(number), "work"] as const;
export const getWork = (number: number) =>
  answer(GET("/api/v1/cases/{number}/work", { params: { path: { number } } }));
export const takeStep = (number: number, verb: WorkVerb, reason: string) =>
  answer(
    POST("/api/v1/cases/{number}/work/steps", {
      params: { path: { number } },
      body: { id: crypto.randomUUID(), verb, reason, told_at: new Date().toISOString() },
    }),
  );
export const enterItem = (number: number, entry: Entry) =>
  answer(
    POST("/api/v1/cases/{number}/work/entries", {
      params: { path: { number } },
      body: { id: crypto.randomUUID(), told_at: new Date().toISOString(), ...entry },
    }),
  );
