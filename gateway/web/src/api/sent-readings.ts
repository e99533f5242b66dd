import { answer, GET, postForm, PREFIX } from "./client";

export const getSentReadings = (place: string) =>
  answer(GET("/api/v1/places/{place}/meter-readings", { params: { path: { place } } }));

/** Add a photo of the dial to a reading that was just sent. */
export const addDial = (asset: string, reading: number, photo: File) => {
  const form = new FormData();
  form.append("photo", photo);
  return postForm<null>(ofReading(asset, reading), form);
};

export const dialOf = (asset: string, reading: number) => `${PREFIX}${ofReading(asset, reading)}`;

const ofReading = (asset: string, reading: number) => `/meters/${encodeURIComponent(asset)}/readings/${reading}/photo`;
