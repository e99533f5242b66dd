import { expect, test } from "vitest";
import { caseRow, incident } from "../../../testing";
import { assetFeatures, caseFeatures, rankChanges, ranksOf } from "./features";

test("an asset has the rank of its worst active incident", () => {
  const incidents = [
    incident({ asset: "a", severity: "low" }),
    incident({ asset: "a", severity: "high" }),
    incident({ asset: "b", severity: "critical", active: false }),
  ];
  expect([...ranksOf(incidents)]).toEqual([["a", 3]]);
});

test("only assets whose rank differs are told to the map", () => {
  const changes = rankChanges(
    new Map([
      ["a", 2],
      ["b", 1],
    ]),
    new Map([
      ["b", 1],
      ["c", 4],
    ]),
  );
  expect(changes).toEqual([
    ["a", 0],
    ["c", 4],
  ]);
});

test("assets at one place are laid apart, the first one stays", () => {
  const asset = { kind: "lift", name: {}, place: "p", latitude: 54, longitude: 37, devices: [] };
  const { features } = assetFeatures(
    [
      { ...asset, id: "a" },
      { ...asset, id: "b" },
    ],
    new Map(),
  );
  expect(features[0]?.geometry.coordinates).toEqual([37, 54]);
  expect(features[1]?.geometry.coordinates).not.toEqual([37, 54]);
});

test("closed cases and cases without a place are not on the map", () => {
  const rows = [
    caseRow({ id: 1 }),
    caseRow({ id: 2, latitude: null }),
    caseRow({ id: 3, closed_at: "2026-11-22T11:00:00Z" }),
  ];
  expect(
    caseFeatures(rows).features.map((feature) => feature.properties?.["id"] as number),
  ).toEqual([1]);
});
