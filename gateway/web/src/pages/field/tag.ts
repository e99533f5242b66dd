const KEY = "kvartal.tag";
const COUNTS_MS = 15 * 60_000; // a tag proves where somebody is, not where they were this morning

/** Take the tag in the address, which a scanned code has opened, into this session. */
export function rememberTag(): void {
  const url = new URL(location.href);
  const tag = url.searchParams.get("tag");
  if (!tag) return;
  sessionStorage.setItem(KEY, JSON.stringify({ tag, at: Date.now() }));
  url.searchParams.delete("tag");
  history.replaceState(null, "", url);
}

/** Give the tag that was scanned a short while ago; empty where none was. */
export function scannedTag(): string {
  const kept = sessionStorage.getItem(KEY);
  if (!kept) return "";
  const { tag, at } = JSON.parse(kept) as { tag: string; at: number };
  return Date.now() - at < COUNTS_MS ? tag : "";
}
