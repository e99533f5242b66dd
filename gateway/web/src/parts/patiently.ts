const AGAIN_MS = 2000;

/** Load a part of the page, again and again while the gateway is away. */
export function patiently<T>(load: () => Promise<T>): Promise<T> {
  return load().catch(async () => {
    await new Promise((again) => setTimeout(again, AGAIN_MS));
    return patiently(load);
  });
}
