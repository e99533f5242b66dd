const AGAIN_MS = 2000;

/** Style sheets that did not come; neither the browser nor the bundler asks for one twice. */
const missed = new Set<HTMLLinkElement>();

/** Remember style sheets that do not come, for `patiently`. Call it before anything is loaded. */
export function rememberMissedStyles(): void {
  // An error of a link does not bubble.
  addEventListener(
    "error",
    ({ target }) => {
      if (target instanceof HTMLLinkElement && target.rel === "stylesheet") missed.add(target);
    },
    true,
  );
}

/** Load a part of the page with its styles, again and again while the gateway is away. */
export async function patiently<T>(load: () => Promise<T>): Promise<T> {
  try {
    await Promise.all([...missed].map(loadStyle));
    return await load();
  } catch {
    await new Promise((again) => setTimeout(again, AGAIN_MS));
    if (await isOutdated()) location.reload();
    return patiently(load);
  }
}

/** Ask once more for a style sheet that did not come. */
function loadStyle(link: HTMLLinkElement): Promise<void> {
  missed.delete(link);
  const again = link.cloneNode() as HTMLLinkElement;
  link.replaceWith(again);
  return new Promise((come, fail) => {
    again.onload = () => come();
    again.onerror = () => fail(new Error(`${again.href} did not come`));
  });
}

/** Tell whether the gateway now serves a newer page, which has other parts. */
async function isOutdated(): Promise<boolean> {
  const own = document.querySelector<HTMLScriptElement>("script[type=module][src]");
  const path = own?.getAttribute("src");
  if (!path) return false;
  try {
    const answer = await fetch("/", { cache: "no-store" });
    return answer.ok && !(await answer.text()).includes(path);
  } catch {
    return false;
  }
}
