/** Calls about what proves the work: photos, acts, numbers to take photos with. */
import { answer, POST, postForm } from "./client";
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
