import { MutationCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { keys } from "./api/keys";
import { isRefused, isSignedOut } from "./api/problem";
import { App } from "./app";
import { followSystemTheme } from "./format/theme";
import { startLanguage } from "./i18n/setup";
import { rememberMissedStyles } from "./parts/patiently";
import "./look/tokens.css";
import "./look/base.css";
import "./look/controls.css";
import "./look/forced.css";

rememberMissedStyles();
startLanguage();
followSystemTheme();

const cache: QueryClient = new QueryClient({
  mutationCache: new MutationCache({
    // A press that finds the session over leads to the sign-in page, and from there back here.
    onError: (error) => {
      if (isSignedOut(error)) void cache.invalidateQueries({ queryKey: keys.me });
    },
  }),
  defaultOptions: {
    queries: {
      // What changes is told by the WebSocket; nothing is asked twice without a reason.
      staleTime: Infinity,
      refetchOnWindowFocus: false,
      retry: (failures, error) => failures < 2 && !isRefused(error),
    },
  },
});

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={cache}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
