import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const GATEWAY = process.env["KVARTAL_GATEWAY"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2023",
    // MapLibre is one large file by nature; it is loaded only when a map is opened.
    chunkSizeWarningLimit: 1200,
    // The server's content policy allows no data: scripts, so nothing is inlined.
    assetsInlineLimit: 0,
  },
  server: {
    // The gateway compares Origin with Host: both must be the gateway's own.
    proxy: {
      "/api": { target: GATEWAY, ws: true, changeOrigin: true, headers: { origin: GATEWAY } },
    },
  },
  test: { environment: "jsdom", include: ["src/**/*.test.{ts,tsx}"], restoreMocks: true },
});
