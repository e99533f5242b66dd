/** Give the path back only if it is one of this site: a link must not lead away. */
export const safePath = (path: string | null) => (path && /^\/(?![/\\])/.test(path) ? path : null);
